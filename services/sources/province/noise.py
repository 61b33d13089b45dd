"""Writes the archive as platforms do: told late, told twice, and out of order."""

from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from random import Random

import msgspec

from services.sources.province.plan import Plan, midnight
from services.sources.province.telling import Event, Told

TOLD_LATE = 0.015
TOLD_TWICE = 0.01
OUT_OF_PLACE = 0.02
DAY = timedelta(days=1)

Placed = tuple[datetime, int, Event]


class Archive:
    """Orders events by when they were told, roughly, and writes them as lines."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.random = Random(f"{plan.seed}/noise")
        self.waiting: list[Placed] = []
        self.count = 0

    def lines(
        self, planted: Iterable[Told], days: Iterable[tuple[date, list[Told]]]
    ) -> Iterator[bytes]:
        """Merge what was planted with the honest days; one structured event a line, with its LF."""
        self.add(planted)
        for day, told in days:
            self.add(told)
            yield from self.written(before=midnight(day))
        yield from self.written(before=None)

    def add(self, told: Iterable[Told]) -> None:
        """Find a place in the archive for each event, and sometimes a second one."""
        for at, event in told:
            draw = self.random.random()
            place = at
            if draw < TOLD_LATE and "recordedtime" not in event:
                place = min(
                    at + timedelta(seconds=self.random.randrange(300, 90_000)), self.end(at)
                )
                event["recordedtime"] = place.isoformat()
            elif draw < TOLD_LATE + OUT_OF_PLACE:
                place = at + timedelta(seconds=self.random.randrange(60, 250_000))
            elif draw < TOLD_LATE + OUT_OF_PLACE + TOLD_TWICE:
                self.put(at + timedelta(seconds=self.random.randrange(1, 170_000)), event)
            self.put(place, event)

    def end(self, at: datetime) -> datetime:
        """Find the last instant at which an event may have been told."""
        return max(at, self.plan.end)

    def put(self, place: datetime, event: Event) -> None:
        """Keep an event until its place comes; equal places keep their order."""
        self.count += 1
        self.waiting.append((place, self.count, event))

    def written(self, before: datetime | None) -> Iterator[bytes]:
        """Write what was told before an instant, or all that is left."""
        self.waiting.sort()
        ready = len(self.waiting)
        if before is not None:
            ready = next((n for n, (at, _, _) in enumerate(self.waiting) if at >= before), ready)
        for _, _, event in self.waiting[:ready]:
            yield msgspec.json.encode(event) + b"\n"
        del self.waiting[:ready]
