"""Which files are taken beside a dispute."""

import zipfile
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.compliance.people.attachment import (
    MOST_BYTES,
    MOST_FILES,
    TYPES,
    attachment,
    check_together,
)
from shared.domain.errors import InvalidArgumentError

PDF = b"%PDF-1.7 ..."


def an_archive(*names: str) -> bytes:
    raw = BytesIO()
    with zipfile.ZipFile(raw, "w") as archive:
        for name in names:
            archive.writestr(name, "x")
    return raw.getvalue()


WORKBOOK = an_archive("[Content_Types].xml", "xl/workbook.xml")


@pytest.mark.parametrize(
    ("name", "data", "shown"),
    [
        ("签收单.pdf", PDF, "签收单.pdf"),
        ("a.PDF", PDF, "a.PDF"),
        ("C:\\temp\\b.png", b"\x89PNG\r\n\x1a\n0", "b.png"),
        ("../../c.jpeg", b"\xff\xd8\xff0", "c.jpeg"),
        ("d", WORKBOOK, "d.xlsx"),
        # What a page could be shown as is not called so: the content says what it is.
        ("e.html", PDF, "e.html.pdf"),
        ("f.svg", b"\xff\xd8\xff<svg onload=1>", "f.svg.jpg"),
        ("g\u202efdp.exe", PDF, "gfdp.exe.pdf"),
        ("h\r\nx-evil: 1.pdf", PDF, "hx-evil: 1.pdf"),
    ],
)
def test_a_file_is_what_its_content_is_and_is_called_so(name: str, data: bytes, shown: str) -> None:
    assert attachment(name, data).name == shown


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "is empty"),
        (b"<html>", "is no PDF"),
        (b"MZ\x90", "is no PDF"),
        (b" %PDF-1.7", "is no PDF"),
        (b"PK\x03\x04broken", "is no PDF"),
        (an_archive("word/document.xml", "[Content_Types].xml"), "is no PDF"),
        (an_archive("[Content_Types].xml", "xl/workbook.xml", "xl/vbaProject.bin"), "is no PDF"),
        (PDF + b"x" * MOST_BYTES, "is larger than 4 MiB"),
    ],
)
def test_what_is_not_taken_is_refused_with_the_remedy(data: bytes, said: str) -> None:
    with pytest.raises(InvalidArgumentError, match=said):
        attachment("a.pdf", data)


@given(st.text(max_size=400), st.binary(max_size=40))
def test_whatever_is_sent_is_taken_under_a_safe_name_or_refused(name: str, data: bytes) -> None:
    try:
        taken = attachment(name, PDF + data)
    except InvalidArgumentError:
        return
    assert taken.type in TYPES
    assert taken.name.lower().endswith(".pdf")
    assert not {"/", "\\", "\r", "\n", "\0"} & set(taken.name)
    assert len(taken.name) <= 130


def test_a_dispute_brings_few_files_and_little_together() -> None:
    small = attachment("a.pdf", PDF)
    large = attachment("b.pdf", PDF.ljust(MOST_BYTES, b"x"))
    check_together([small] * MOST_FILES)
    check_together([large] * 3)
    with pytest.raises(InvalidArgumentError, match="at most 5"):
        check_together([small] * (MOST_FILES + 1))
    with pytest.raises(InvalidArgumentError, match="12 MiB"):
        check_together([large, large, large, small])
