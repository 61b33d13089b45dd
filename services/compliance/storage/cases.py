"""What people do of cases: steps of the procedure, and letters that are frozen as they go out.

A step is tied to the line that somebody had seen, as an act of a violation is. Only people write
here; what the machine does to violations that letters list, a trigger notes (0091_cases.sql).
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from hashlib import sha256
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, Literal, NamedTuple

from msgspec.structs import astuple

from services.compliance.people.case import PartyCase
from services.compliance.people.case_lines import LetterTold, case_line
from services.compliance.people.delivery import Delivery
from services.compliance.people.procedure import (
    CASE_CHANGES,
    CaseRefusal,
    CaseStep,
    LetterKind,
    Members,
    Work,
    step,
)
from shared.adapters import postgres
from shared.adapters.postgres import Connection, columns
from shared.domain.calendar import day_of

QUERIES = postgres.queries(Path(__file__).with_suffix(".sql"))

LISTED_AT_MOST: Final = 1_000
"""Violations that one letter lists; the next letter of its kind lists more."""

Language = Literal["zh", "en"]

Listed = Mapping[str, Any]
"""A violation as a letter lists it: a row of `accusing` or `taken_back`."""


class Outgoing(NamedTuple):
    """A letter that is about to go out: all that its text is made of.

    `hints` are violations that rest on an assumed number: they are shown apart, and not held
    against anybody. `corrects` are the numbers of the letters that a correction takes back from.
    """

    case: PartyCase
    kind: LetterKind
    number: str
    text: str
    step: CaseStep
    listed: Sequence[Listed]
    hints: Sequence[Listed]
    corrects: Sequence[str]
    language: Language = "zh"


class Seal(NamedTuple):
    """A letter as it goes out: its bytes, and who signed them with which key, if anybody did."""

    body: bytes
    signature: bytes | None = None
    key: str | None = None


class CaseDoing(NamedTuple):
    """A step that somebody takes; `draft` is the number of the letter to issue, `number` its 文号.

    `language` is that of a draft. `dues` says until when a letter of a kind gives time, where the
    step does not.
    """

    step: CaseStep
    internal: bool = True
    draft: int = 0
    number: str = ""
    language: Language = "zh"
    dues: Mapping[LetterKind, date] = MappingProxyType({})


class CaseMoved(NamedTuple):
    """The case has moved since it was seen: how it stands, and the lines since."""

    seq: int
    lines: Sequence[Mapping[str, Any]]


class CaseWritten(NamedTuple):
    """A step that was taken: the number of the last line, and of the letter that it is about."""

    seq: int
    letter: int | None = None


class _RefusedError(Exception):
    """Takes back what a transaction has begun."""

    def __init__(self, found: CaseRefusal | CaseMoved | None) -> None:
        self.found = found
        super().__init__()


async def take_step(
    connection: Connection,
    case: PartyCase,
    seq: int | None,
    doing: CaseDoing,
    seal: Callable[[Outgoing], Seal],
) -> CaseWritten | CaseRefusal | CaseMoved | None:
    """Take a step of a case as it was seen up to a line, in a transaction of its own.

    `seq` is None where it does not matter what was seen, and 0 of a case of which nobody did
    anything. Gives None for a case without violations.
    """
    try:
        async with connection.transaction():
            return await _taken(connection, case, seq, doing, seal)
    except _RefusedError as refused:
        return refused.found


async def _taken(
    connection: Connection,
    case: PartyCase,
    seq: int | None,
    doing: CaseDoing,
    seal: Callable[[Outgoing], Seal],
) -> CaseWritten:
    row = await _held(connection, case, doing.step.at)
    if seq is not None and row["seq"] != seq:
        lines = await connection.fetch(QUERIES["since"], case.name, seq)
        raise _RefusedError(CaseMoved(row["seq"], lines))
    before = Work(*(row[name] for name in Work.__struct_fields__))
    # A clock that was set back must not date a line before those that it answers.
    doing = doing._replace(step=doing.step._replace(at=max(doing.step.at, row["moved_at"])))
    text = ""
    if doing.step.act == "issue":
        doing, text = await _of_draft(connection, case, doing)
    if doing.step.delivery is not None:
        await _check_delivery(connection, case, doing.step.delivery, doing.step.today)
    (counts,) = await connection.fetch(QUERIES["members"], case.name, *_of(case))
    members = Members(**counts)
    after = step(before, doing.step, members)
    if isinstance(after, CaseRefusal):
        raise _RefusedError(after)
    if doing.step.act == "draft":
        mine = (doing.step.letter, doing.step.text, doing.step.by, doing.step.at, doing.language)
        n = await connection.fetchval(QUERIES["draft"], case.name, *mine)
        return CaseWritten(row["seq"], n)
    letter = None
    if doing.step.act == "issue":
        letter = await _issued(connection, case, doing, text, seal)
    line = case_line(doing.step, before, after, internal=doing.internal, letter=letter)
    told = (doing.step.by, CASE_CHANGES[doing.step.act], line, doing.step.text, doing.internal)
    written = await connection.fetchval(
        QUERIES["move"], case.name, row["seq"], *astuple(after), doing.step.at, *told
    )
    return CaseWritten(written, None if letter is None else letter.n)


async def _held(connection: Connection, case: PartyCase, at: datetime) -> Mapping[str, Any]:
    """Give the work on a case, held until the transaction ends; begun where nobody has."""
    row: Mapping[str, Any] | None = await connection.fetchrow(QUERIES["held"], case.name)
    if row is None:
        if not await connection.fetchval(QUERIES["there"], *_of(case)):
            raise _RefusedError(None)
        await connection.execute(QUERIES["begin"], case.name, *case, at)
        row = await connection.fetchrow(QUERIES["held"], case.name)
    assert row is not None  # noqa: S101 - it was there, or has been begun just now
    return row


def _of(case: PartyCase) -> tuple[Any, ...]:
    """Give by what the violations of a case are found."""
    return (case.jurisdiction, case.rule, case.role, case.party, *case.span)


async def _check_delivery(
    connection: Connection, case: PartyCase, delivery: Delivery, today: date
) -> None:
    """Refuse to note that a letter was received that did not go out, or not on that day."""
    row = await connection.fetchrow(QUERIES["letter"], case.name, delivery.n)
    if row is None or row["issued_at"] is None:
        because = f"letter {delivery.n} did not go out"
        raise _RefusedError(CaseRefusal("transition-refused", because))
    if not day_of(row["issued_at"]) <= delivery.day <= today:
        because = f"day: {delivery.day} is not between the day it was issued and today"
        raise _RefusedError(CaseRefusal("reason-missing", because))


async def _of_draft(
    connection: Connection, case: PartyCase, doing: CaseDoing
) -> tuple[CaseDoing, str]:
    """Put under a step of what kind the letter is that it issues, whose draft, and until when.

    Gives the text of the draft, too.
    """
    row = await connection.fetchrow(QUERIES["letter"], case.name, doing.draft)
    if row is None or row["issued_at"] is not None:
        what = (
            "there is no such draft" if row is None else "it was issued, and stays as it went out"
        )
        raise _RefusedError(CaseRefusal("transition-refused", f"letter {doing.draft} {what}"))
    kind: LetterKind = row["kind"]
    about = doing.step._replace(letter=kind, drafted_by=row["drafted_by"], due=doing.dues.get(kind))
    return doing._replace(step=about, language=row["language"]), row["text"]


async def _issued(
    connection: Connection,
    case: PartyCase,
    doing: CaseDoing,
    text: str,
    seal: Callable[[Outgoing], Seal],
) -> LetterTold:
    """Freeze a letter, and note what it lists."""
    kind = doing.step.letter
    assert kind is not None  # noqa: S101 - it was read with the draft
    found = await _to_list(connection, case, kind)
    listed = [row for row in found if kind == "correction" or row["severity"] != "warning"]
    if not listed:
        because = "no violation of the case is at hand that such a letter could list"
        raise _RefusedError(CaseRefusal("nothing-to-list", because))
    names = [row["id"] for row in listed]
    rows = await connection.fetch(QUERIES["numbers"], case.name, names)
    corrects = [row["number"] for row in rows] if kind == "correction" else []
    hints = [row for row in found if row not in listed]
    told = (case, kind, doing.number, text, doing.step, listed, hints, corrects)
    outgoing = Outgoing(*told, doing.language)
    sealed = seal(outgoing)
    frozen = (doing.number, doing.step.by, doing.step.at, doing.step.due, *sealed)
    await connection.execute(QUERIES["issue"], case.name, doing.draft, *frozen)
    members = [(row["id"], row["seq"]) for row in listed]
    about = (case.name, doing.draft, kind, case.role, case.party)
    await connection.execute(QUERIES["list_in"], *about, *columns(members))
    if kind == "correction":
        await connection.execute(QUERIES["correct"], case.name, doing.draft, names)
    digest, drafted_by = sha256(sealed.body).hexdigest(), doing.step.drafted_by or ""
    return LetterTold(doing.draft, kind, doing.number, drafted_by, digest, members)


async def _to_list(connection: Connection, case: PartyCase, kind: LetterKind) -> Sequence[Listed]:
    """Give what a letter lists, held as it stands until it has gone out."""
    found: Sequence[Listed]
    if kind == "correction":
        found = await connection.fetch(QUERIES["taken_back"], case.name, LISTED_AT_MOST)
    else:
        review = "acknowledged" if kind == "notice" else "upheld"
        asked = (*_of(case), review, kind, LISTED_AT_MOST)
        found = await connection.fetch(QUERIES["accusing"], case.name, *asked)
    return found
