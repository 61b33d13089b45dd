"""A file that somebody puts beside a dispute: of a few types, told by content, few and small."""

import re
import zipfile
from collections.abc import Sequence
from hashlib import sha256
from io import BytesIO
from typing import Final, NamedTuple

from shared.domain.errors import InvalidArgumentError

MOST_FILES: Final = 5
"""That one dispute brings; a violation has MOST_OF_VIOLATION at most, however often disputed."""

MOST_OF_VIOLATION: Final = 20
MOST_BYTES: Final = 4 << 20
"""That one file has, and all of a dispute MOST_TOGETHER."""

MOST_TOGETHER: Final = 12 << 20
_LONGEST_NAME: Final = 120

TYPES: Final = {
    "application/pdf": (".pdf",),
    "image/png": (".png",),
    "image/jpeg": (".jpg", ".jpeg"),
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": (".xlsx",),
}
"""The types that are taken, and how the names of such files end."""

_XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_BEGINS: Final = {
    b"%PDF-": "application/pdf",
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
}
_UNSAFE: Final = re.compile(r"[\x00-\x1f\x7f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


class Attachment(NamedTuple):
    """A file as it was brought; its name ends as those of its type do."""

    name: str
    type: str
    data: bytes

    @property
    def sha256(self) -> bytes:
        """Give the hash by which the line of history names it."""
        return sha256(self.data).digest()


def attachment(name: str, data: bytes) -> Attachment:
    """Take a file; raises InvalidArgumentError that says which are taken."""
    base = _UNSAFE.sub("", re.split(r"[\\/]", name)[-1]).strip()
    if not data:
        raise InvalidArgumentError(f"{base}: is empty. Choose the file again")
    if len(data) > MOST_BYTES:
        limit = f"{MOST_BYTES >> 20} MiB"
        raise InvalidArgumentError(f"{base}: is larger than {limit}. Scan it smaller, or split it")
    held = _type_of(data)
    if held is None:
        raise InvalidArgumentError(f"{base}: is no PDF, PNG, JPEG or XLSX. Send it as one of these")
    ends = TYPES[held]
    stem = base[:_LONGEST_NAME]
    return Attachment(stem if stem.lower().endswith(ends) else f"{stem}{ends[0]}", held, data)


def check_together(files: Sequence[Attachment]) -> None:
    """Raise InvalidArgumentError where a dispute brings too much."""
    if len(files) > MOST_FILES:
        raise InvalidArgumentError(f"attachments: at most {MOST_FILES}. Put pages into one PDF")
    if sum(len(one.data) for one in files) > MOST_TOGETHER:
        limit = f"{MOST_TOGETHER >> 20} MiB"
        raise InvalidArgumentError(f"attachments: together at most {limit}. Scan them smaller")


def _type_of(data: bytes) -> str | None:
    for begins, held in _BEGINS.items():
        if data.startswith(begins):
            return held
    return _XLSX if data.startswith(b"PK\x03\x04") and _is_workbook(data) else None


def _is_workbook(data: bytes) -> bool:
    """Whether an archive is a workbook without macros; nothing in it is unpacked."""
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            names = set(archive.namelist())
    except (zipfile.BadZipFile, ValueError, NotImplementedError, UnicodeDecodeError):
        return False
    macros = any(name.endswith("vbaProject.bin") for name in names)
    return {"[Content_Types].xml", "xl/workbook.xml"} <= names and not macros
