"""`vbp calendar`: the years whose working days are known, and importing one that was published."""

import csv
import os
import sys
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from rich.table import Table as Shown

from services.commands import terminal
from services.compliance.law.working_days import Calendar
from services.compliance.policies import calendar
from services.compliance.policies.calendar import SHIPPED, Line, Table, Year
from shared.domain.calendar import day_of
from shared.domain.errors import InvalidArgumentError, SetupError


def show(year: int | None, own: Path | None) -> None:
    """Print all years, or the lines of one; raises InvalidArgumentError if that is not known."""
    table = calendar.load(own)
    if year is None:
        _list(table)
        return
    if year not in table.years:
        known = f"known are {min(table.years)} to {max(table.years)}"
        raise InvalidArgumentError(f"no year {year}; {known}. Add it: vbp calendar import")
    rows = csv.writer(sys.stdout, lineterminator="\n")
    rows.writerow(Line._fields)
    rows.writerows(table.years[year].lines)


def _list(table: Table) -> None:
    shown = Shown(box=None, pad_edge=False)
    for heading in ("year", "working days", "holidays", "workdays 调休", "notices", "from"):
        shown.add_column(heading, overflow="fold")
    for held in table.years.values():
        notices = dict.fromkeys(line.notice for line in held.lines)
        source = "shipped" if held.file.parent == SHIPPED else str(held.file)
        shown.add_row(str(held.year), *map(str, _counts(held)), "、".join(notices), source)
    terminal.show(shown)
    left = table.days_left(day_of(datetime.now(UTC)))
    terminal.say(
        f"Known until {table.horizon}, {terminal.counted(left, 'day')} from today; what is due "
        "later is not judged until the year is imported"
    )


def take(file: Path, own: Path | None, *, replace: bool) -> None:
    """Put the file of a year into the operator's folder; raises InvalidArgumentError otherwise."""
    if own is None:
        remedy = "set it to one that the workers, the API and replays read as well"
        raise InvalidArgumentError(f"VBP_CALENDARS names no folder: {remedy}")
    try:
        new = calendar.read(file)
        held = calendar.load(own if own.exists() else None).years
        Table((held | {new.year: new}).values())
    except SetupError as error:
        raise InvalidArgumentError(str(error)) from error
    known = held.get(new.year)
    if known is not None and known.lines == new.lines:
        terminal.say(f"{new.year} is known as {file} has it already; nothing was changed")
        return
    if known is not None and not replace:
        where = "is shipped" if known.file.parent == SHIPPED else f"stands in {known.file}"
        raise InvalidArgumentError(f"{new.year} {where}; give --replace to put {file} in its place")
    _put(file, own / f"{new.year}.csv")
    working, off, made_up = _counts(new)
    terminal.say(
        f"{new.year} imported into {own}: {terminal.counted(off, 'holiday')} and "
        f"{terminal.counted(made_up, 'workday')} are listed, {working} days are worked. "
        "Restart the workers, which judge everything again, and the API"
    )


def _put(file: Path, place: Path) -> None:
    """Copy a file so that nobody ever reads half of it."""
    beside = place.with_name(f".{place.name}.{os.getpid()}")
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        beside.write_bytes(file.read_bytes())
        beside.replace(place)
    except OSError as error:
        with suppress(OSError):
            beside.unlink()
        raise InvalidArgumentError(f"{place} cannot be written: {error.strerror}") from error


def _counts(held: Year) -> tuple[int, int, int]:
    """Give how many days are worked, and how many are listed as holidays and as workdays."""
    kinds = [line.kind for line in held.lines]
    worked = Calendar(Table([held])).known
    return worked, kinds.count("holiday"), kinds.count("workday")
