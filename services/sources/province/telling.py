"""How the simulated parties tell events: envelopes, ids and instants."""

from datetime import datetime

from services.sources.province.plan import Plan

Event = dict[str, object]
Told = tuple[datetime, Event]
"""An event and when it was told, which is where it stands in the archive."""

Data = dict[str, object]


class Teller:
    """Numbers the events of one plan and puts them into envelopes."""

    def __init__(self, plan: Plan) -> None:
        self.jurisdiction = plan.jurisdiction
        self.platform = f"/platforms/{plan.jurisdiction}"
        self.mark = plan.mark
        self.count = 0

    def tell(
        self, kind: str, source: str, at: datetime, data: Data, recorded: datetime | None = None
    ) -> Told:
        """Tell `data` as `vbp.{kind}.v1`, at an aware instant.

        `recorded` is when the source wrote it down, if that is worth saying; the subject is what
        the first field of `data` names.
        """
        self.count += 1
        event: Event = {
            "specversion": "1.0",
            "id": f"{self.mark}-{self.count:08d}",
            "source": source,
            "type": f"vbp.{kind}.v1",
            "subject": next(iter(data.values())),
            "time": at.isoformat(),
        }
        if recorded is not None:
            event["recordedtime"] = recorded.isoformat()
        event["datacontenttype"] = "application/json"
        event["data"] = {"jurisdiction": self.jurisdiction, **data}
        return (at if recorded is None else max(at, recorded)), event
