"""Cases: derived from who is accused of what, and beside each what people have done of it."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final

import msgspec

from services.compliance.answers import case_changes, case_numbers, owned, paging
from services.compliance.answers.case_listing import CasesAsked, listing
from services.compliance.answers.case_shapes import (
    CaseCounts,
    CaseDelivery,
    CaseInFull,
    CaseItem,
    CaseLetter,
    CaseLine,
    CasePage,
    CaseShare,
)
from services.compliance.answers.database import Database, Row
from services.compliance.answers.names import Fetch, called
from services.compliance.findings.case_chain import CaseReckoning
from services.compliance.findings.history import HistoryRow, row_of, said_in
from services.compliance.findings.verification import Difference, chain_of
from services.compliance.people.case import PartyCase
from services.compliance.people.procedure import Work
from shared.adapters.postgres import Connection, queries
from shared.domain.calendar import EPOCH, day_of, instant_text
from shared.domain.errors import InvalidArgumentError

QUERIES = queries(Path(__file__).with_suffix(".sql"))

LINES_SHOWN: Final = 200

_UNTOUCHED: Final = Work()
_COUNTS: Final = CaseCounts.__struct_fields__


async def list_cases(database: Database, asked: CasesAsked, jurisdiction: str) -> CasePage:
    """Give a page of cases, the latest month first, and how many there are in all.

    Raises InvalidArgumentError for a token that is not one of this list.
    """
    query, values = listing(asked, jurisdiction)
    rows = await owned.fetch(database, query, *values)
    shown = {_of(jurisdiction, row): row for row in rows[: asked.page_size]}
    names = await _names(database.fetch, [*shown])
    judged = await case_numbers.judged(database.fetch, [*shown])
    items = [_item(case, row, names, judged[case]) for case, row in shown.items()]
    more = len(rows) > len(shown)
    token = paging.name_token(items[-1].id, asked.seal) if more else None
    return CasePage(items, token, await case_numbers.total(database, asked, jurisdiction))


async def in_full(database: Database, case: PartyCase) -> CaseInFull | None:
    """Give a case as of one moment; None where it has no violations and nobody worked on it.

    What `allowed` and `letter_kinds` hold is for whoever asks, who is not known here: nothing.
    """
    async with database.snapshot() as connection:
        row = await connection.fetchrow(QUERIES["work"], case.name)
        closed_at = EPOCH if row is None else row["closed_at"]
        of = (case.jurisdiction, case.rule, case.role, case.party, *case.span, closed_at)
        shares = await connection.fetch(QUERIES["shares"], *of)
        if row is None and not shares:
            return None
        lines = [row_of(line) for line in await connection.fetch(QUERIES["lines"], case.name)]
        letters = await connection.fetch(QUERIES["letters"], case.name)
        names = await _names(connection.fetch, [case])
        judged = await case_numbers.judged(connection.fetch, [case])
        days = await case_changes.days(connection.fetch, case)
        since = await case_changes.since_notice(connection.fetch, case)
    reckoning = CaseReckoning()
    problems = [found for line in lines for found in reckoning.take(line)]
    problems += reckoning.compare(row)
    told = {n: digest for n, (digest, _) in reckoning.letters.items()}
    shown = [_letter(letter, told, lines) for letter in letters]
    problems += (
        Difference(f"letter {one.n}", one.sha256, told.get(one.n))
        for one in shown
        if one.intact is False
    )
    work = {} if row is None else dict(row)
    counts = _counted(shares) | work | {"wrong": sum(one.wrong for one in shown)}
    grew = sum(one["later"] for one in shares if one["status"] != "withdrawn")
    return CaseInFull(
        **msgspec.structs.asdict(_item(case, counts, names, judged[case])),
        seq=work.get("seq", 0),
        grew=grew if work.get("closed_at") is not None else 0,
        shares=[CaseShare(*(one[name] for name in CaseShare.__struct_fields__)) for one in shares],
        days=days,
        since_notice=since,
        letters=shown,
        history=[_line(line) for line in lines[-LINES_SHOWN:]],
        chain=chain_of(problems),
        allowed=[],
        letter_kinds=[],
    )


async def letter_body(database: Database, case: PartyCase, n: int) -> Row | None:
    """Give the bytes of a letter as it went out, with their signature; None for any other."""
    for row in await database.fetch(QUERIES["body"], case.name, n):
        return row
    return None


async def names_in(connection: Connection, case: PartyCase) -> dict[str, str]:
    """Give how the party of a case and the codes in its violations are called, if told."""
    of = (case.jurisdiction, case.rule, case.role, case.party, *case.span)
    rows = await connection.fetch(QUERIES["named"], *of)
    found = {(case.jurisdiction, row["party"], row["code"]) for row in rows}
    own = (case.jurisdiction, case.role, case.party)
    names = await called(connection.fetch, found | {own})
    told = {code: name for (_, _, code), name in names.items()}
    return told | ({case.party: names[own]} if own in names else {})


def case_named(name: str) -> PartyCase | None:
    """Read the name of a case; None for one that no case has."""
    try:
        return PartyCase.named(name)
    except InvalidArgumentError:
        return None


def _of(jurisdiction: str, row: Row) -> PartyCase:
    return PartyCase(jurisdiction, row["rule"], row["month"], row["role"], row["party"])


async def _names(fetch: Fetch, cases: Sequence[PartyCase]) -> Mapping[tuple[str, str, str], str]:
    return await called(fetch, {(one.jurisdiction, one.role, one.party) for one in cases})


def _item(
    case: PartyCase, row: Row, names: Mapping[tuple[str, str, str], str], judged: int
) -> CaseItem:
    due: date | None = row.get("due")
    closed_at: datetime | None = row.get("closed_at")
    return CaseItem(
        id=case.name,
        jurisdiction=case.jurisdiction,
        rule=case.rule,
        month=case.month,
        accused_role=case.role,
        accused=case.party,
        name=names.get((case.jurisdiction, case.role, case.party)),
        counts=CaseCounts(*(row[name] for name in _COUNTS)),
        judged=judged,
        stage=row.get("stage") or _UNTOUCHED.stage,
        outcome=row.get("outcome") or _UNTOUCHED.outcome,
        round=row.get("round") or _UNTOUCHED.round,
        assignee=row.get("assignee"),
        due=None if due is None else due.isoformat(),
        overdue=due is not None and due < day_of(datetime.now(UTC)),
        closed_at=None if closed_at is None else instant_text(closed_at),
        corrections_due=row["wrong"],
    )


def _counted(shares: Sequence[Row]) -> dict[str, Any]:
    """Count the violations of a case as the list does."""
    found = dict.fromkeys(_COUNTS, 0)
    for one in shares:
        if one["status"] == "withdrawn":
            continue
        if one["exempt"]:
            found["exempt"] += one["count"]
            continue
        found["found"] += one["count"]
        found[one["severity"]] += one["count"]
        found["open"] += one["count"] if one["status"] == "open" else 0
    return found


def _letter(row: Row, told: Mapping[int, str], lines: Sequence[HistoryRow]) -> CaseLetter:
    issued_at, due = row["issued_at"], row["due"]
    kept = {name: row[name] for name in ("n", "kind", "text", "drafted_by", "number", "issued_by")}
    return CaseLetter(
        **kept,
        drafted_at=instant_text(row["drafted_at"]),
        issued_at=None if issued_at is None else instant_text(issued_at),
        due=None if due is None else due.isoformat(),
        sha256=row["sha256"],
        signed_with=row["signed_with"],
        listed=row["listed"],
        wrong=row["wrong"],
        intact=None if issued_at is None else told.get(row["n"]) == row["sha256"],
        language=row["language"],
        deliveries=list(_deliveries(row["n"], lines)),
    )


def _deliveries(n: int, lines: Sequence[HistoryRow]) -> Iterator[CaseDelivery]:
    """Give how a letter came to the party, as the lines of the case say."""
    for line in lines:
        told = said_in(line).get("delivery") if line.change == "delivered" else None
        if isinstance(told, dict) and told.get("n") == n:
            channel, day, received = (
                str(told.get(name)) for name in ("channel", "day", "received")
            )
            yield CaseDelivery(channel, day, received, line.words, line.actor)


def _line(line: HistoryRow) -> CaseLine:
    said = said_in(line)
    work, letter = said.get("work"), said.get("letter")
    return CaseLine(
        seq=line.seq,
        at=line.at,
        actor=line.actor,
        on_behalf=said.get("on_behalf"),
        change=line.change,
        stage=str(work.get("stage")) if isinstance(work, dict) else "",
        letter=letter.get("n") if isinstance(letter, dict) else None,
        text=line.words,
        hash=line.hash.hex(),
    )
