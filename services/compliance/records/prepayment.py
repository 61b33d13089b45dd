"""A prepayment: money that an agency pays a hospital in advance, and what comes back of it."""

from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from itertools import chain
from typing import Self

from msgspec import Struct
from typing_extensions import override

from shared.domain import calendar
from shared.domain import events as say
from shared.domain.records.record import Heard
from shared.domain.records.telling import Fact, Telling
from shared.domain.records.voids import Voids, take_back, told_first


class Made(Fact, frozen=True, array_like=True, gc=False):
    """医保基金预付: whom it was paid to, how many yuan, and what for."""

    says = "vbp.prepayment.made.v1"
    hospital: str
    amount: Decimal
    agreement: str | None
    product: str | None
    category: str | None

    @property
    def day(self) -> date:
        """The day on which it was made."""
        return calendar.day_of(self.telling.time)


class GivenBack(Fact, frozen=True, array_like=True, gc=False):
    """返还 or 冲抵: yuan that came back, or were offset."""

    says = "vbp.prepayment.returned.v1"
    amount: Decimal


class Prepayment(Struct, Heard, array_like=True):
    """The tellings of a prepayment and, by their id, of what came back: of each the first holds.

    A record grows by what comes back of one prepayment.
    """

    told: list[Made] = []
    back: dict[str, list[GivenBack]] = {}
    voids: Voids | None = None

    @override
    def merge(self, telling: Telling, data: say.EventData) -> None:
        """Take a telling in; order and repetition do not matter."""
        match data:
            case say.PrepaymentMade():
                self.told = told_first(self.told, _made(telling, data))
            case say.PrepaymentReturned():
                back = GivenBack(telling, Decimal(data.amount))
                self.back[data.return_] = told_first(self.back.get(data.return_, []), back)
            case say.PrepaymentVoided():
                self.voids = take_back(self.voids, telling, data)
            case _:
                raise TypeError(f"a prepayment hears of no {type(data).__name__}")

    def tellings(self) -> Iterator[Fact]:
        """Give all tellings that hold or may hold once others are taken back."""
        return chain(self.told, *self.back.values())

    def without_voided(self, now: datetime) -> Self:
        """Give the prepayment as if nobody had told what is taken back at `now`."""
        voids = self.voids or Voids()
        back = {name: voids.standing(told, now) for name, told in self.back.items()}
        return type(self)(voids.standing(self.told, now), {k: v for k, v in back.items() if v})

    @override
    def next_instant(self, now: datetime) -> datetime | None:
        """When something that is told ahead comes due."""
        firsts = chain(self.told[:1], (told[0] for told in self.back.values()))
        times = (fact.telling.time for fact in firsts if fact.telling.time > now)
        return min(times, default=None)

    def by(self, now: datetime) -> Made | None:
        """Give the prepayment once it has been made."""
        return self.told[0] if self.told and self.told[0].telling.time <= now else None

    def given_back(self, now: datetime) -> list[GivenBack]:
        """Give what has come back, in order."""
        firsts = (told[0] for told in self.back.values())
        happened = (fact for fact in firsts if fact.telling.time <= now)
        return sorted(happened, key=lambda fact: fact.telling.order_key)


def _made(telling: Telling, data: say.PrepaymentMade) -> Made:
    return Made(
        telling,
        data.hospital,
        Decimal(data.amount),
        data.agreement,
        data.product,
        data.category,
    )
