"""Exemptions by authorities: each telling replaces the one before."""

from datetime import date, datetime

from shared.domain import calendar
from shared.domain import events as say
from shared.domain.cloudevents import Event
from shared.domain.records.telling import Fact, stored

PARTIES = ("product", "area", "hospital", "distributor", "manufacturer")
"""The parties that an exemption may name."""

CONSOLE = "/console"
"""The source of what officers grant by the form of the console: its events name the officer."""


class Exemption(Fact, frozen=True, array_like=True, gc=False):
    """豁免 of a rule for the days `[start, end)`; a party that is None is not named."""

    says = "vbp.exemption.granted.v1"
    exemption: str
    rule: str
    start: date
    end: date
    parties: dict[str, str]

    def covers(self, occurred_at: datetime, about: object) -> bool:
        """Whether it exempts what occurred at an instant and is `about` some parties (rules.md).

        `about` has the code of each party as an attribute; jurisdiction and rule are the asker's
        to compare.
        """
        began, ended = calendar.start_of(self.start), calendar.start_of(self.end)
        return began <= occurred_at < ended and all(
            getattr(about, party) == code for party, code in self.parties.items()
        )


def exemption_of(event: Event, data: say.ExemptionGranted) -> Exemption:
    """Note an exemption as told."""
    named = {party: getattr(data, party) for party in PARTIES if getattr(data, party) is not None}
    return Exemption(stored(event), data.exemption, data.rule, data.start, data.end, named)
