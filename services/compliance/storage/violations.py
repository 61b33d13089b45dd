"""Violations as last told, their history, and the gauges that are kept in step with them."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from services.compliance.findings.history import lines_of
from services.compliance.findings.violation import Change
from services.compliance.judging.upshot import Upshot
from services.compliance.storage.reviews import carry, count_reviews
from shared.adapters import postgres
from shared.adapters.postgres import Connection, columns

QUERIES = postgres.queries(Path(__file__).with_suffix(".sql"))

ROLES = ("manufacturer", "distributor", "hospital")
"""In which roles a violation names parties."""

_FLOWS = frozenset({"opened", "closed", "withdrawn"})
"""The changes of which each day keeps the number."""


async def save(connection: Connection, judged: Upshot) -> None:
    """Write what a round found and took back, and by how much the gauges moved."""
    await tell(connection, judged.final_changes())
    opened = sorted((*key, count) for key, count in judged.open_counts().items())
    if opened:
        await connection.execute(QUERIES["count_open"], *columns(opened))
    found = sorted((*key, count) for key, count in judged.found_counts().items())
    if found:
        await connection.execute(QUERIES["count_found"], *columns(found))
    unjudged = sorted((*key, count) for key, count in judged.unjudged_counts().items())
    if unjudged:
        await connection.execute(QUERIES["count_unjudged"], *columns(unjudged))
    # In the order of their keys, as everybody takes them: no two workers wait for each other.
    weighed = sorted((*key, count) for key, count in judged.weighed_counts().items())
    if weighed:
        await connection.execute(QUERIES["count_judged"], *columns(weighed))


async def tell(connection: Connection, changes: Iterable[Change]) -> None:
    """Write changes of violations, with a line of history and a row of the outbox each.

    What people held of a violation that another replaces goes over to that one.
    """
    changes = list(changes)
    told = lines_of(changes)
    moved: list[Mapping[str, Any]] = []
    if told.bodies:
        found = (told.bodies, told.changes, told.lines, told.supersedes, told.instants)
        moved += await connection.fetch(QUERIES["tell"], *found, *columns(told.accused))
    if told.withdrawn:
        gone = (
            told.withdrawn,
            told.withdrawn_lines,
            told.withdrawn_instants,
            told.withdrawn_details,
        )
        moved += await connection.fetch(QUERIES["withdraw"], *gone)
    if heirs := [(one.id, old, one.at) for one in changes for old in one.supersedes]:
        await carry(connection, heirs)
    await _count(connection, [row for row in moved if row["status"] != "withdrawn"])
    await _count_days(connection, moved)


def _accused(row: Mapping[str, Any]) -> tuple[Any, ...]:
    """Give the key by which a violation counts for who is accused of it."""
    who = (row["jurisdiction"], row["accused_role"], row["accused"])
    when_and_where = (row["month"], row["area"] or "")
    return (*who, *when_and_where, row["rule"], row["severity"], row["status"], row["exempt"])


async def _count(connection: Connection, moved: Sequence[Mapping[str, Any]]) -> None:
    """Keep in step how old what stands open is, who is named in it, and who is accused of what."""
    days: Counter[tuple[Any, ...]] = Counter()
    parties: Counter[tuple[Any, ...]] = Counter()
    accused: Counter[tuple[Any, ...]] = Counter()
    for row in moved:
        accused[_accused(row)] += row["sign"]
        if row["status"] != "open" or row["exempt"]:
            continue
        days[row["jurisdiction"], row["rule"], row["severity"], row["day"]] += row["sign"]
        for role in ROLES:
            if row[role] is not None:
                parties[row["jurisdiction"], role, row[role]] += row["sign"]
    # In the order of their keys, as everybody takes them: no two workers wait for each other.
    if by_day := sorted((*key, count) for key, count in days.items() if count):
        await connection.execute(QUERIES["count_days"], *columns(by_day))
        if fewer := [key for *key, count in by_day if count < 0]:
            await connection.execute(QUERIES["forget_days"], *columns(fewer))
    if by_accused := sorted((*key, count) for key, count in accused.items() if count):
        await connection.execute(QUERIES["count_accused"], *columns(by_accused))
    if by_party := sorted((*key, count) for key, count in parties.items() if count):
        await connection.execute(QUERIES["count_parties"], *columns(by_party))
    await count_reviews(connection, moved)


async def _count_days(connection: Connection, moved: Sequence[Mapping[str, Any]]) -> None:
    """Keep in step how much each day found of which case, and how many changes it brought."""
    found: Counter[tuple[Any, ...]] = Counter()
    changes: Counter[tuple[Any, ...]] = Counter()
    for row in moved:
        # What was over before it was found is found too, on the day on which it was.
        brought = {row["change"], "opened" if row["first"] else row["change"]}
        for change in brought & _FLOWS:
            changes[row["jurisdiction"], row["told_on"], change] += 1
        if row["status"] != "withdrawn" and not row["exempt"]:
            case = (row["month"], row["rule"], row["accused_role"], row["accused"])
            found[row["jurisdiction"], row["found_on"], *case] += row["sign"]
    if by_case := sorted((*key, count) for key, count in found.items() if count):
        await connection.execute(QUERIES["count_found_days"], *columns(by_case))
    if by_change := sorted((*key, count) for key, count in changes.items()):
        await connection.execute(QUERIES["count_change_days"], *columns(by_change))
