"""What was last said of a record: what was found, what it gives, and when to look again."""

from datetime import datetime
from typing import Literal, NamedTuple

from msgspec import Struct

from services.compliance.findings.finding import Finding
from services.compliance.judging.contributions.contribution import Contribution
from services.compliance.judging.defect import Remedy
from services.compliance.judging.moment import Moment
from services.compliance.judging.weighing import Weighed
from services.compliance.register.exemption import Exemption
from shared.domain import calendar
from shared.domain.records.contested import Contradiction


class LastTold(Struct, frozen=True, array_like=True, gc=False):
    """A finding as it was last told; `digest` changes when anything in it does."""

    id: bytes
    digest: bytes
    rule: str
    subject: str
    occurred_at: datetime
    cured_at: datetime | None
    severity: str
    area: str | None
    exempt: bool


class ToldAs(NamedTuple):
    """How a finding was told; it is told so again as long as the rule finds that very one."""

    finding: Finding
    exemption: Exemption | None
    telling: LastTold


class Judgement(Struct, array_like=True, gc=False):
    """What was last said of a record, and when to look again.

    `look_at` waits for the clock, `hear_at` until everything to then has been heard; `missing` are
    pairs of rule and missing term; `contradictions` change no finding; `weighed` is of how many
    things of whom this was said. A record is never judged
    earlier than it was. `aside` is what brings a record back that was set aside for a defect of
    ours, empty for all others.
    """

    findings: list[LastTold] = []
    given: list[Contribution] = []
    missing: list[tuple[str, str]] = []
    look_at: datetime | None = None
    hear_at: datetime | None = None
    judged_at: datetime = calendar.EPOCH
    heard: datetime = calendar.EPOCH
    aside: Remedy | Literal[""] = ""
    contradictions: list[Contradiction] = []
    weighed: list[Weighed] = []

    def not_before(self, moment: Moment) -> Moment:
        """Give the moment of asking, never earlier than the last one."""
        if self.judged_at <= moment.now and self.heard <= moment.heard:
            return moment
        return Moment(max(self.judged_at, moment.now), max(self.heard, moment.heard))
