"""What somebody does of a violation, by whichever door: who they are to it, and what it answers."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, Final
from uuid import UUID

from services.compliance.answers.database import Database
from services.compliance.answers.deadlines import Deadlines
from services.compliance.answers.shapes import HistoryLine
from services.compliance.law.working_days import Provisional
from services.compliance.people.acts import Act, Duty, Given, Refusal, RefusalKind
from services.compliance.people.review import Facts, Who
from services.compliance.storage import reviews
from services.compliance.storage.desk import Desk
from services.compliance.storage.reviews import (
    Changed,
    Context,
    ContextOf,
    Doing,
    Many,
    Seen,
    Stopped,
    Written,
)
from shared.adapters.problems import ProblemError
from shared.domain.calendar import day_of, instant_text
from shared.domain.errors import InvalidArgumentError, TransientError
from shared.domain.principal import Party, Principal, Role, may_reach, may_see

_ROLES: Final = ("manufacturer", "distributor", "hospital")
_STATUS: Final[dict[RefusalKind, int]] = {
    "not-allowed": HTTPStatus.FORBIDDEN,
    "reason-missing": HTTPStatus.UNPROCESSABLE_ENTITY,
}


class Acting:
    """Does what people want done, in the name of whoever asks."""

    def __init__(self, desk: Desk, deadlines: Deadlines) -> None:
        self._desk = desk
        self.deadlines = deadlines

    async def act(self, asker: Principal, identity: UUID, seq: int | None, doing: Doing) -> Written:
        """Do an act of a violation; raises ProblemError where it is refused or has changed."""
        async with self._desk.writing() as connection:
            about_of = self.about_of(asker)
            found = await reviews.act(connection, identity, seq, doing, about_of)
        if found is None:
            raise _unknown(identity)
        if isinstance(found, Changed):
            raise _changed(found)
        if isinstance(found, Refusal):
            raise _refused(found, doing.act)
        return found

    async def act_of_all(
        self, asker: Principal, seen: Mapping[UUID, int], doing: Doing
    ) -> Mapping[UUID, Written]:
        """Do an act of several violations or of none; raises ProblemError that names which one."""
        try:
            async with self._desk.writing() as connection:
                about_of = self.about_of(asker)
                found = await reviews.act_of_all(connection, seen, doing, about_of)
        except InvalidArgumentError as error:
            raise ProblemError(422, "attachment", str(error)) from error
        if not isinstance(found, Stopped):
            return found
        match found.why:
            case Changed() as changed:
                raise _named(found.id, _changed(changed))
            case Refusal() as refusal:
                raise _named(found.id, _refused(refusal, doing.act))
            case "busy":
                raise TransientError(f"a worker writes violation {found.id} just now; try again")
            case _:
                raise _unknown(found.id)

    async def act_of_many(self, asker: Principal, identities: Iterable[UUID], doing: Doing) -> Many:
        """Do an act of many violations; what is refused of one hinders no other."""
        async with self._desk.writing() as connection:
            about_of = self.about_of(asker)
            return await reviews.act_of_many(connection, identities, doing, about_of)

    async def allowed(
        self, database: Database, asker: Principal, identity: UUID
    ) -> tuple[Act, ...]:
        """Give what somebody may do of a violation now."""
        return await reviews.allowed_now(database.fetch, identity, self.about_of(asker))

    def about_of(self, asker: Principal) -> ContextOf:
        """Give what looks at violations for somebody; foreign ones are none of their business."""

        def about(row: Seen) -> Context | None:
            own = {Party(role, row[role]) for role in _ROLES if row[role] is not None}
            own.add(Party(row["accused_role"], row["accused"]))
            if not may_see(asker, row["jurisdiction"], own):
                return None
            return Context(_who(asker, row), self._facts(row))

        return about

    def _facts(self, row: Seen) -> Facts:
        acknowledged_at = row["acknowledged_at"]
        due = None if acknowledged_at is None else self.deadlines.hearing_due(acknowledged_at)
        known = None if isinstance(due, Provisional) else due
        return Facts(
            withdrawn=row["status"] == "withdrawn",
            draft=bool(row["draft"]),
            severity=row["severity"],
            accused=row["accused"],
            hearing_over=known is not None and known < day_of(datetime.now(UTC)),
            hearing_due=None if known is None else known.isoformat(),
        )


def given(reason: str | None = None, text: str = "", assignee: str | None = None) -> Given:
    """Put together what somebody gives for an act that they do now."""
    return Given(datetime.now(UTC), 0, reason, text.strip(), assignee)


def _who(asker: Principal, row: Seen) -> Who:
    duties: set[Duty] = set()
    if may_reach(asker, row["jurisdiction"]):
        duties |= {"officer"} if Role.OFFICER in asker.roles else set()
        duties |= {"reviewer"} if Role.REVIEWER in asker.roles else set()
    accused = Party(row["accused_role"], row["accused"])
    mine = Role.PARTY in asker.roles and accused.code != "" and accused in asker.parties
    return Who(
        asker.subject,
        frozenset(duties | {"accused"} if mine else duties),
        accused.code if mine else None,
    )


def _unknown(identity: UUID) -> ProblemError:
    detail = f"no violation has the id {identity}. /v1/violations lists them"
    return ProblemError(404, "not-found", detail)


def _named(identity: UUID, problem: ProblemError) -> ProblemError:
    """Say of which violation a problem is, where it is one of several."""
    members = {**problem.members, "violation": str(identity)}
    detail = f"violation {identity}: {problem}"
    return ProblemError(problem.status, problem.kind, detail, members=members)


def _changed(found: Changed) -> ProblemError:
    etag = etag_of(found.seq)
    changes = [
        {
            "seq": line["seq"],
            "actor": line["actor"],
            "change": line["change"],
            "at": instant_text(line["at"]),
        }
        for line in found.lines
    ]
    came = ", ".join(f"{line['change']} by {line['actor']}" for line in changes)
    told = came or "you name a line that there is not"
    detail = (
        f"it has changed since it was seen ({told}). Look at it again, and send If-Match: {etag} "
        "if you still want this"
    )
    members = {"etag": etag, "changes": changes}
    return ProblemError(412, "changed-meanwhile", detail, headers={"ETag": etag}, members=members)


def _refused(found: Refusal, act: Act) -> ProblemError:
    may = ", ".join(found.allowed) or "nothing"
    detail = f"{act} is refused: {found.because}. You may now do: {may}"
    members: dict[str, Any] = {"from": found.state, "act": act, "allowed": list(found.allowed)}
    if found.due is not None:
        members |= {"due": found.due, "basis": "practice"}
    return ProblemError(_STATUS.get(found.kind, 409), found.kind, detail, members=members)


def hide_internal(asker: Principal, lines: Iterable[HistoryLine]) -> None:
    """Take out of lines of history the words that are not for somebody."""
    for line in lines:
        if line.review is not None and line.review.get("internal") and not asker.oversees:
            line.text = None


def etag_of(seq: int) -> str:
    """Give the ETag of a violation: the number of its last line."""
    return f'"{seq}"'
