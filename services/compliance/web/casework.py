"""What somebody does of a case, by whichever door: in which duties, and what it answers."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from http import HTTPStatus
from typing import Any, Final, NamedTuple

from msgspec.structs import replace

from services.compliance.answers import cases
from services.compliance.answers.case_shapes import CaseInFull
from services.compliance.answers.database import Database
from services.compliance.answers.deadlines import Deadlines
from services.compliance.people.acts import Duty
from services.compliance.people.case import PartyCase
from services.compliance.people.delivery import Channel, Delivery
from services.compliance.people.procedure import (
    CaseAct,
    CaseRefusal,
    CaseRefusalKind,
    CaseStep,
    LetterKind,
    Outcome,
    Work,
    allowed_steps,
    letters_of,
)
from services.compliance.storage.cases import (
    CaseDoing,
    CaseMoved,
    CaseWritten,
    Language,
    take_step,
)
from services.compliance.storage.desk import Desk
from services.compliance.web.acting import Acting, etag_of
from services.compliance.web.letters import LetterWriter
from shared.adapters.problems import ProblemError
from shared.domain.calendar import day_of, instant_text
from shared.domain.principal import Party, Principal, Role, may_reach, may_see

_STATUS: Final[Mapping[CaseRefusalKind, int]] = {
    "not-allowed": HTTPStatus.FORBIDDEN,
    "reason-missing": HTTPStatus.UNPROCESSABLE_ENTITY,
}


class Wish(NamedTuple):
    """What somebody wants done of a case.

    `n` is a draft to be issued, under a number (文号), or a letter that came by `channel` on `day`.
    """

    act: CaseAct
    text: str = ""
    assignee: str | None = None
    outcome: Outcome | None = None
    though_open: bool = False
    letter: LetterKind | None = None
    n: int = 0
    number: str = ""
    due: date | None = None
    internal: bool = True
    language: Language = "zh"
    channel: Channel | None = None
    day: date | None = None


class Doors(NamedTuple):
    """By what people act: on violations, and on cases."""

    violations: Acting
    cases: "CaseWork"


class CaseWork:
    """Takes the steps that people want, in the name of whoever asks, and shows cases to them."""

    def __init__(self, desk: Desk, deadlines: Deadlines, letters: LetterWriter) -> None:
        self._desk = desk
        self._deadlines = deadlines
        self._letters = letters

    async def take(
        self, asker: Principal, case: PartyCase, seq: int | None, wish: Wish
    ) -> CaseWritten:
        """Take a step; raises ProblemError where it is refused or the case has moved."""
        if not _sees(asker, case):
            raise no_case(case.name)
        now = datetime.now(UTC)
        step = CaseStep(
            act=wish.act,
            at=now,
            by=asker.subject,
            duties=_duties(asker, case),
            party=case.party if is_accused(asker, case) else None,
            text=wish.text.strip(),
            assignee=wish.assignee,
            outcome=wish.outcome,
            though_open=wish.though_open,
            letter=wish.letter,
            due=wish.due,
            today=day_of(now),
            delivery=self._delivery(wish),
        )
        internal = wish.internal and wish.act not in {"reply", "deliver"}
        dues = self._deadlines.letter_dues(now)
        doing = CaseDoing(step, internal, wish.n, wish.number.strip(), wish.language, dues)
        async with self._desk.writing() as connection:
            names = await cases.names_in(connection, case) if wish.act == "issue" else {}
            seal = self._letters.sealing(names)
            found = await take_step(connection, case, seq, doing, seal)
        if found is None:
            raise no_case(case.name)
        if isinstance(found, CaseMoved):
            raise _moved(found)
        if isinstance(found, CaseRefusal):
            raise _refused(found, wish.act)
        return found

    def _delivery(self, wish: Wish) -> Delivery | None:
        """Give that a letter was received; raises ProblemError where how or when is missing."""
        if wish.act != "deliver":
            return None
        if wish.channel is None or wish.day is None:
            detail = "channel, day: say how the letter came to the party, and on which day"
            raise ProblemError(422, "reason-missing", detail)
        if wish.day > day_of(datetime.now(UTC)):
            raise ProblemError(422, "reason-missing", f"day: {wish.day} is still to come")
        received = self._deadlines.received(wish.channel, wish.day)
        return Delivery(wish.n, wish.channel, wish.day, received)

    async def show(
        self, database: Database, asker: Principal, case: PartyCase
    ) -> CaseInFull | None:
        """Give a case with the steps that somebody may take; None where it is none of theirs."""
        item = await cases.in_full(database, case) if _sees(asker, case) else None
        if item is None:
            return None
        work: Any = Work(stage=item.stage)  # type: ignore[arg-type]  # as it was written
        steps = allowed_steps(work, _duties(asker, case))
        kinds = letters_of(work.stage) if "draft" in steps else ()
        return replace(item, allowed=list(steps), letter_kinds=list(kinds))


def _sees(asker: Principal, case: PartyCase) -> bool:
    return may_see(asker, case.jurisdiction, {Party(case.role, case.party)})


def is_accused(asker: Principal, case: PartyCase) -> bool:
    """Whether somebody speaks for the party that a case accuses."""
    mine = Party(case.role, case.party) in asker.parties
    return Role.PARTY in asker.roles and case.party != "" and mine


def _duties(asker: Principal, case: PartyCase) -> frozenset[Duty]:
    duties: set[Duty] = {"accused"} if is_accused(asker, case) else set()
    if may_reach(asker, case.jurisdiction):
        duties |= {"officer"} if Role.OFFICER in asker.roles else set()
        duties |= {"reviewer"} if Role.REVIEWER in asker.roles else set()
    return frozenset(duties)


def no_case(name: str) -> ProblemError:
    """Make the problem of a case that there is not, or is another's."""
    detail = f"no case has the id {name!r}. /v1/cases lists them"
    return ProblemError(404, "not-found", detail)


def _moved(found: CaseMoved) -> ProblemError:
    etag = etag_of(found.seq)
    changes = [dict(line) | {"at": instant_text(line["at"])} for line in found.lines]
    came = ", ".join(f"{line['change']} by {line['actor']}" for line in changes)
    told = came or "you name a line that there is not"
    detail = (
        f"the case has moved since it was seen ({told}). Look at it again, and send If-Match: "
        f"{etag} if you still want this"
    )
    members = {"etag": etag, "changes": changes}
    return ProblemError(412, "changed-meanwhile", detail, headers={"ETag": etag}, members=members)


def _refused(found: CaseRefusal, act: CaseAct) -> ProblemError:
    may = ", ".join(found.allowed) or "nothing"
    detail = f"{act} is refused: {found.because}. You may now do: {may}"
    members: dict[str, Any] = {"from": found.stage, "act": act, "allowed": list(found.allowed)}
    if found.due is not None:
        members |= {"due": found.due.isoformat(), "basis": "practice"}
    return ProblemError(_STATUS.get(found.kind, 409), found.kind, detail, members=members)
