"""Forms with files are read as browsers send them, and nothing else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.compliance.web.console.uploads import Field, fields_of
from shared.adapters.problems import ProblemError

TYPE = "multipart/form-data; boundary=----b1"


def sent(*fields: Field, boundary: str = "----b1") -> bytes:
    parts = []
    for one in fields:
        file = "" if one.filename is None else f'; filename="{one.filename}"'
        head = f'Content-Disposition: form-data; name="{one.name}"{file}'
        parts.append(f"--{boundary}\r\n{head}\r\n\r\n".encode() + one.data + b"\r\n")
    return b"".join(parts) + f"--{boundary}--\r\n".encode()


@given(st.lists(st.binary(max_size=200), max_size=4))
def test_bytes_come_out_as_they_went_in(told: list[bytes]) -> None:
    kept = [data for data in told if b"------b1" not in data]
    fields = [Field("file", f"{n}.pdf", data) for n, data in enumerate(kept)]
    assert fields_of(TYPE, sent(Field("act", None, b"dispute"), *fields)) == [
        Field("act", None, b"dispute"),
        *fields,
    ]


def test_a_field_of_files_that_was_left_empty_is_none() -> None:
    assert fields_of(TYPE, sent(Field("file", "", b""))) == []


def test_names_are_read_as_browsers_write_them() -> None:
    (one,) = fields_of(TYPE, sent(Field("file", "签收%22单.pdf", b"x")))
    assert one.filename == '签收"单.pdf'


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("multipart/form-data", b""),
        (TYPE, b""),
        (TYPE, b"------b1\r\n"),
        (TYPE, b"------b1\r\n\r\nno name\r\n------b1--"),
        (TYPE, sent(*[Field("a", None, b"")] * 401)),
    ],
)
def test_what_no_browser_sends_is_refused(content_type: str, body: bytes) -> None:
    with pytest.raises(ProblemError, match="cannot be read"):
        fields_of(content_type, body)
