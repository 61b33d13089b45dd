"""Forms with files as browsers send them (RFC 7578), read from a whole and bounded body."""

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from shared.adapters.problems import ProblemError

_BOUNDARY: Final = re.compile(r'boundary="?([0-9A-Za-z\'()+_,./:=?-]{1,70})"?\s*(?:;|$)')
_NAME: Final = re.compile(rb'[ ;]name="([^"\r\n]*)"')
_FILENAME: Final = re.compile(rb'[ ;]filename="([^"\r\n]*)"')
_MOST_PARTS: Final = 400


class Field(NamedTuple):
    """A field of a form; `filename` is None for one that is no file."""

    name: str
    filename: str | None
    data: bytes


def fields_of(content_type: str, body: bytes) -> list[Field]:
    """Read the fields of a form; raises ProblemError (400) for one that no browser sends."""
    found = _BOUNDARY.search(content_type)
    if found is None:
        raise _amiss("content-type has no boundary")
    marked = b"\r\n" + body
    _, *sections = marked.split(b"\r\n--" + found[1].encode())
    if len(sections) > _MOST_PARTS:
        raise _amiss(f"it has more than {_MOST_PARTS} parts")
    if not sections or not sections[-1].startswith(b"--"):
        raise _amiss("its end is missing")
    return list(_fields(sections[:-1]))


def _fields(sections: list[bytes]) -> Iterator[Field]:
    for section in sections:
        head, gap, data = section.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        name, filename = _NAME.search(head), _FILENAME.search(head)
        if not gap or name is None:
            raise _amiss("a part has no name")
        file = None if filename is None else _text(filename[1])
        # A browser sends a field of files that was left empty as one without a name.
        if file != "":
            yield Field(_text(name[1]), file, data)


def _text(raw: bytes) -> str:
    """Read a name; browsers write quotes and ends of line as %22, %0D and %0A."""
    text = raw.decode(errors="replace")
    return text.replace("%22", '"').replace("%0D", "").replace("%0A", "")


def _amiss(why: str) -> ProblemError:
    return ProblemError(400, "form", f"The form cannot be read: {why}. Load the page and try again")
