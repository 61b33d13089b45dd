"""Writing events down as their sources would."""

from datetime import UTC, datetime, timedelta, timezone
from random import Random
from typing import Any

Event = dict[str, Any]

OFFSETS = (timezone(timedelta(hours=8)), UTC, timezone(timedelta(hours=-5)))
LATE_BY = (
    timedelta(seconds=1),
    timedelta(hours=5),
    timedelta(hours=24),
    timedelta(hours=24, seconds=1),
    timedelta(days=3),
    timedelta(days=12),
)
SUBJECTS = ("order", "appointment", "report", "notice", "agreement", "exemption", "hospital")


class Journal:
    """The events of one jurisdiction, in the order of writing."""

    def __init__(self, chance: Random, jurisdiction: str) -> None:
        self.chance = chance
        self.jurisdiction = jurisdiction
        self.events: list[Event] = []

    def text(self, instant: datetime) -> str:
        """An instant as one of the sources would write it."""
        (zone,) = self.chance.choices(OFFSETS, (80, 15, 5))
        text = instant.astimezone(zone).isoformat()
        return text.replace("+00:00", "Z") if self.chance.random() < 0.5 else text

    def say(
        self,
        kind: str,
        time: datetime,
        optional: dict[str, Any] | None = None,
        /,
        *,
        late: float = 0.07,
        source: str | None = None,
        **data: Any,
    ) -> Event:
        """Tell of something; `late` is how likely it was written down afterwards.

        An optional field without a value is absent or null.
        """
        data = {"jurisdiction": self.jurisdiction, **data}
        for name, value in (optional or {}).items():
            if value is not None or self.chance.random() < 0.4:
                data[name] = value
        subject = next((data[name] for name in SUBJECTS if name in data), data.get("product"))
        event = {
            "specversion": "1.0",
            "id": f"e{len(self.events):03d}",
            "source": source or f"/platforms/{self.jurisdiction}",
            "type": f"vbp.{kind}.v1",
            "subject": subject,
            "time": self.text(time),
            "datacontenttype": "application/json",
            "data": data,
        }
        if self.chance.random() < late:
            event["recordedtime"] = self.text(time + self.chance.choice(LATE_BY))
        self.events.append(event)
        return event
