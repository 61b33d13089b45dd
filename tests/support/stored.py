"""What a worker has stored of a story, frozen as this version writes it.

`python -m tests.support.stored 0.1.0` writes `tests/compliance/stored/0.1.0.json`. A release
freezes its own file; those of the releases before it stay as they are.
"""

import json
import sys
from base64 import b64decode, b64encode
from pathlib import Path
from typing import Any

from services.compliance.judging.dossier import encode
from services.compliance.judging.moment import Moment
from services.compliance.judging.subjects import Subject
from services.compliance.register.exemption import Exemption
from shared.domain.cloudevents import Event
from shared.domain.records.agreement import Agreement
from shared.domain.records.hospital import Hospital
from shared.domain.records.product import Product
from tests.support.builders import POLICIES
from tests.support.events import heard, said
from tests.support.workers.in_memory import InMemoryWorker, Row
from tests.support.workers.with_register import SETTLE, at

FOLDER = Path(__file__).parents[1] / "compliance" / "stored"
REGISTER: dict[str, type] = {
    "products": Product,
    "hospitals": Hospital,
    "agreements": Agreement,
    "exemptions": Exemption,
}
BEFORE, AFTER = at("2022-03-20 12:00:00"), at("2022-07-01 12:00:00")


def _events(first: int, *told: tuple[str, str, dict[str, Any]]) -> list[Event]:
    """Events with ids that do not depend on what else was built."""
    return [
        heard(said(kind, when, **changed) | {"id": f"s{number:03d}"}, when, offset=number)
        for number, (kind, when, changed) in enumerate(told, first)
    ]


EARLY = _events(
    0,
    ("product.selected", "2021-12-20 09:00:00", {}),
    ("product.deselected", "2022-03-10 09:00:00", {"on": "2022-09-01"}),
    ("product.listed", "2021-12-21 09:00:00", {"product": "P9"}),
    ("hospital.enrolled", "2021-12-21 10:00:00", {}),
    ("hospital.enrolled", "2021-12-21 11:00:00", {"hospital": "H2", "remote": True}),
    ("hospital.withdrawn", "2022-03-15 11:00:00", {"hospital": "H2", "withdrawn_on": "2022-06-01"}),
    ("agreement.signed", "2021-12-22 09:00:00", {"agreed_quantity": 60, "response_hours": 4}),
    ("agreement.signed", "2021-12-22 10:00:00", {"agreement": "A2", "hospital": "H2"}),
    ("exemption.granted", "2022-03-02 09:00:00", {"rule": "late-response", "hospital": "H1"}),
    ("distributor.appointed", "2022-01-01 09:00:00", {"start": "2022-01-01", "hospitals": ["H1"]}),
    ("distributor.released", "2022-03-16 09:00:00", {"end": "2022-05-01"}),
    ("order.placed", "2022-03-01 09:00:00", {"agreement": "A1", "deliver_by": "2022-03-04"}),
    ("order.accepted", "2022-03-01 15:00:00", {}),
    ("shipment.dispatched", "2022-03-02 09:00:00", {}),
    ("delivery.received", "2022-03-03 09:00:00", {"quantity_accepted": 70}),
    ("goods.returned", "2022-03-05 09:00:00", {"quantity": 5}),
    ("invoice.issued", "2022-03-06 09:00:00", {"unit_price": "0.40"}),
    ("order.placed", "2022-03-07 09:00:00", {"order": "O2", "hospital": "H2"}),
    ("order.rejected", "2022-03-07 10:00:00", {"order": "O2"}),
    ("order.placed", "2022-03-08 09:00:00", {"order": "O3", "unit_price": "0.50"}),
    ("order.placed", "2022-03-18 09:00:00", {"order": "O4", "urgency": "urgent"}),
    ("order.cancelled", "2022-03-18 12:00:00", {"order": "O4"}),
    ("shortage.reported", "2022-03-12 09:00:00", {"start": "2022-03-12"}),
    ("shortage.ended", "2022-03-19 09:00:00", {"end": "2022-03-18"}),
    ("production.stopping", "2022-03-13 09:00:00", {"stop_on": "2022-08-01"}),
)
LATE = _events(
    100,
    ("order.accepted", "2022-03-08 11:00:00", {"order": "O3"}),
    ("delivery.received", "2022-03-09 09:00:00", {"order": "O3", "receipt": "R3"}),
    ("order.cancelled", "2022-03-07 09:30:00", {"order": "O2"}),
    ("delivery.received", "2022-03-03 08:00:00", {"quantity_accepted": 40}),
    ("shortage.reported", "2022-03-11 09:00:00", {"start": "2022-03-01"}),
    ("distributor.released", "2022-03-17 09:00:00", {"end": "2022-04-01"}),
)


def told(events: list[Event], moment: Moment) -> InMemoryWorker:
    """A worker that was told events."""
    worker = InMemoryWorker(POLICIES, SETTLE)
    worker.hear(events, moment)
    return worker


def frozen(worker: InMemoryWorker) -> dict[str, Any]:
    """What a worker stored, as JSON."""
    register = worker.law.register
    return {
        "rows": [
            [*subject, _text(row.record), _text(row.judgement), row.product, row.hospital]
            for subject, row in sorted(worker.rows.items())
        ],
        "register": {
            kind: [[*key, _text(encode(held))] for key, held in getattr(register, kind).items()]
            for kind in REGISTER
        },
    }


def rows_of(stored: dict[str, Any]) -> dict[Subject, Row]:
    """Give frozen rows as a worker loads them."""
    return {
        Subject(*subject): Row(b64decode(record), b"", b64decode(judgement), product, hospital)
        for *subject, record, judgement, product, hospital in stored["rows"]
    }


def _text(raw: bytes) -> str:
    return b64encode(raw).decode()


if __name__ == "__main__":
    text = json.dumps(frozen(told(EARLY, BEFORE)), ensure_ascii=False, indent=1)
    (FOLDER / f"{sys.argv[1]}.json").write_text(text + "\n", "utf-8")
