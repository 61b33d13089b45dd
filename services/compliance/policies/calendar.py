"""The table of working days: what the State Council's notices say of single days, read from CSV.

One file a year, `calendars/2026.csv`: a line for each day that is off (`holiday`) or worked though
it is a Saturday or Sunday (`workday`, 调休), with the notice that says so. The operator's own years
stand beside the shipped ones and go before them. What is wrong in a file raises SetupError with
file, line, field and remedy.
"""

import csv
import hashlib
import re
from collections.abc import Iterable, Iterator
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Literal, NamedTuple

from shared.domain.errors import SetupError, shorten

Kind = Literal["holiday", "workday"]
SHIPPED = Path(__file__).parent / "calendars"
SATURDAY, DECEMBER = 5, 12


class Line(NamedTuple):
    """A day that is not what its day of the week says, and the notice behind it."""

    day: date
    kind: Kind
    name: str
    notice: str
    published_on: date


class Year(NamedTuple):
    """A published year: its lines by day, and the file that holds them."""

    year: int
    lines: tuple[Line, ...]
    file: Path


class Table:
    """The years held: one after the other without a gap, or none at all.

    `digest` differs when anything but a comment does; it is empty where nothing is held.
    """

    def __init__(self, years: Iterable[Year] = ()) -> None:
        self.years = {held.year: held for held in sorted(years)}
        for earlier, later in pairwise(self.years):
            if later != earlier + 1:
                raise SetupError(
                    f"{self.years[later].file}: the calendar ends with {earlier}; "
                    f"import {earlier + 1} first"
                )
        self.horizon = date(max(self.years), DECEMBER, 31) if self.years else None
        """The last day of the last year held."""
        told = repr([(held.year, held.lines) for held in self.years.values()])
        self.digest = hashlib.sha256(told.encode()).hexdigest() if self.years else ""

    def days_left(self, today: date) -> int:
        """Give how many days there are to the last one held; below 0 once it has passed."""
        return 0 if self.horizon is None else (self.horizon - today).days


def load(own: Path | None = None) -> Table:
    """Read the shipped years, and those of the operator's folder in their place or beside them."""
    years = {held.year: held for held in _folder(SHIPPED)}
    if own is not None:
        if not own.is_dir():
            remedy = "create it (vbp calendar import does), or mend VBP_CALENDARS"
            raise SetupError(f"{own} is no folder of calendars: {remedy}")
        years |= {held.year: held for held in _folder(own)}
    return Table(years.values())


def _folder(folder: Path) -> Iterator[Year]:
    return (read(path) for path in sorted(folder.glob("*.csv")))


def read(path: Path) -> Year:
    """Read and check the file of one year."""
    if not re.fullmatch(r"(19|2\d)\d\d", path.stem) or path.suffix != ".csv":
        raise SetupError(f"{path}: name the file after its year, such as 2027.csv")
    year = int(path.stem)
    lines: dict[date, Line] = {}
    for place, row in _rows(path):
        line = _line(place, row, year)
        if line.day in lines:
            raise _wrong(place, "day", line.day.isoformat(), "stands here twice; keep one line")
        lines[line.day] = line
    if not lines:
        raise SetupError(f"{path}: holds no day; write one line for each day of the notice")
    return Year(year, tuple(lines[day] for day in sorted(lines)), path)


def _rows(path: Path) -> Iterator[tuple[str, list[str]]]:
    """Give what stands below the heading, with its place; comments and empty lines are passed."""
    try:
        # Spreadsheets begin a file in UTF-8 with a mark of its order of bytes.
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise SetupError(f"{path}: is not UTF-8 ({error}); save it as CSV UTF-8") from error
    except OSError as error:
        raise SetupError(f"{path} cannot be read: {error.strerror}") from error
    told = (
        (f"{path}, line {number}", _fields(line))
        for number, line in enumerate(text.splitlines(), start=1)
        if line.strip(" \t,") and not line.startswith("#")
    )
    place, heading = next(told, (f"{path}", []))
    if tuple(heading) != Line._fields:
        raise SetupError(f"{place}: the heading must be {','.join(Line._fields)}")
    yield from told


def _fields(line: str) -> list[str]:
    try:
        return next(csv.reader([line]))
    except csv.Error:
        return []


def _line(place: str, row: list[str], year: int) -> Line:
    if len(row) != len(Line._fields):
        wanted = ", ".join(Line._fields)
        raise SetupError(f"{place}: has {len(row)} fields, not {len(Line._fields)}: {wanted}")
    told = dict(zip(Line._fields, (field.strip() for field in row), strict=True))
    for field, text in told.items():
        if not text:
            raise _wrong(place, field, text, "is empty; copy it from the notice")
    day = _date(place, "day", told["day"])
    if day.year != year:
        problem = f"does not lie in {year}; it belongs into the file of its own year"
        raise _wrong(place, "day", told["day"], problem)
    kind = _kind(place, told["kind"])
    if kind == "workday" and day.weekday() < SATURDAY:
        problem = f"is for a Saturday or Sunday, and {day} is a {day:%A}; leave the line out"
        raise _wrong(place, "kind", kind, problem)
    published_on = _date(place, "published_on", told["published_on"])
    return Line(day, kind, told["name"], told["notice"], published_on)


def _date(place: str, field: str, text: str) -> date:
    try:
        # Python reads 20270101 and 2027-W01-1 as well, which nobody means here.
        if re.fullmatch(r"\d{4}-\d\d-\d\d", text, re.ASCII):
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise _wrong(place, field, text, "is no date; write it as 2027-01-31")


def _kind(place: str, text: str) -> Kind:
    match text:
        case "holiday" | "workday":
            return text
        case _:
            raise _wrong(place, "kind", text, "is neither holiday nor workday")


def _wrong(place: str, field: str, value: str, problem: str) -> SetupError:
    return SetupError(f"{place}: {field} {shorten(value)} {problem}")
