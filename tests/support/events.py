"""Events for tests, in one line each: what a test does not say is filled in.

Instants without an offset are Shanghai time. The register was told long before anything happened.
"""

import json
import uuid
from datetime import date, datetime
from itertools import count
from typing import Any

from shared.domain import calendar, examples
from shared.domain.cloudevents import Event, read_structured

NUMBERS = count(1)
LONG_AGO = "2018-01-01 00:00:00"
WHOLE_YEAR = {"start": "2022-01-01", "end": "2023-01-01"}

OF_ORDER = {"order": "O1", "product": "P1"}
FILLED_IN: dict[str, dict[str, Any]] = {
    "product.selected": {
        "product": "P1",
        "variety": "V1",
        "name": "阿莫西林胶囊",
        "category": "drug",
        "manufacturer": "M1",
        "round": "第一批",
        "selected_price": "0.36",
        "unit": "粒",
        "cycle_start": "2022-01-01",
        "cycle_end": "2023-01-01",
    },
    "product.deselected": {"product": "P1", "reason": "退出"},
    "product.listed": {
        "product": "P1",
        "variety": "V1",
        "name": "阿莫西林胶囊",
        "category": "drug",
        "manufacturer": "M9",
        "price": "0.80",
        "unit": "粒",
    },
    "hospital.enrolled": {
        "hospital": "H1",
        "name": "县人民医院",
        "area": "1401",
        "remote": False,
        "enrolled_on": "2018-01-01",
    },
    "hospital.withdrawn": {"hospital": "H1"},
    "agreement.signed": {
        "agreement": "A1",
        "product": "P1",
        "hospital": "H1",
        "agreed_quantity": 1000,
        **WHOLE_YEAR,
    },
    "exemption.granted": {
        "exemption": "X1",
        "reason": "灾害",
        "authority": "省医保局",
        **WHOLE_YEAR,
    },
    "order.placed": {
        **OF_ORDER,
        "hospital": "H1",
        "area": "1401",
        "distributor": "D1",
        "quantity": 100,
        "unit_price": "0.36",
        "urgency": "normal",
    },
    "order.accepted": {**OF_ORDER, "distributor": "D1"},
    "order.rejected": {**OF_ORDER, "distributor": "D1", "reason": "out_of_stock"},
    "order.cancelled": OF_ORDER,
    "shipment.dispatched": {**OF_ORDER, "shipment": "S1", "distributor": "D1", "quantity": 100},
    "delivery.received": {
        **OF_ORDER,
        "receipt": "R1",
        "quantity_accepted": 100,
        "quantity_rejected": 0,
    },
    "goods.returned": {**OF_ORDER, "return": "B1", "quantity": 100},
    "invoice.issued": {**OF_ORDER, "invoice": "I1", "quantity": 100, "unit_price": "0.36"},
    "distributor.appointed": {
        "appointment": "AP1",
        "product": "P1",
        "area": "1401",
        "manufacturer": "M1",
        "distributor": "D1",
        "hospitals": None,
        "start": "2022-01-01",
    },
    "distributor.released": {"appointment": "AP1", "product": "P1", "area": "1401"},
    "shortage.reported": {
        "report": "SR1",
        "product": "P1",
        "manufacturer": "M1",
        "areas": None,
        "reason": "原料短缺",
    },
    "shortage.ended": {"report": "SR1", "product": "P1"},
    "production.stopping": {
        "notice": "N1",
        "product": "P1",
        "manufacturer": "M1",
        "reason": "检修",
    },
    "price.listed": {"product": "P1", "price": "0.36"},
    "standard.set": {"product": "P1", "standard_price": "0.36"},
    "party.registered": {"party": "D1", "kind": "distributor", "name": "医药公司"},
    "stock.reported": {"product": "P1", "manufacturer": "M1", "quantity": 1000},
    "prepayment.made": {
        "prepayment": "Y1",
        "agency": "YB1",
        "hospital": "H1",
        "amount": "1000.00",
    },
    "prepayment.returned": {
        "return": "YR1",
        "prepayment": "Y1",
        "hospital": "H1",
        "amount": "1000.00",
    },
    "payment.made": {
        "payment": "F1",
        "leg": "hospital_to_distributor",
        "payer": "H1",
        "payee": "D1",
        "amount": "36.00",
    },
    "order.voided": {**OF_ORDER, "reason": "录入错误"},
    "delivery.voided": {**OF_ORDER, "reason": "录入错误"},
    "stock.voided": {"product": "P1", "reason": "录入错误"},
    "payment.voided": {"payment": "F1", "reason": "录入错误"},
    "prepayment.voided": {"prepayment": "Y1", "reason": "录入错误"},
}


def instant(at: str | datetime) -> datetime:
    """An instant in UTC; without an offset it is Shanghai time."""
    read = datetime.fromisoformat(at) if isinstance(at, str) else at
    return calendar.utc(read if read.tzinfo else read.replace(tzinfo=calendar.ZONE))


def said(
    kind: str, at: str | datetime = LONG_AGO, told: str | datetime | None = None, **changed: Any
) -> dict[str, Any]:
    """A structured CloudEvent of a kind such as `order.placed`; `told` is when it was recorded.

    Later calls come later in the order of tellings of one instant. `return_` is the field `return`.
    """
    data = {"jurisdiction": "cn-sx", **FILLED_IN[kind]}
    data |= {name.removesuffix("_"): _written(value) for name, value in changed.items()}
    return envelope(kind, at, data, told)


def envelope(
    kind: str, at: str | datetime, data: dict[str, Any], told: str | datetime | None = None
) -> dict[str, Any]:
    """A structured CloudEvent of an id of its own, that says `data` and nothing else."""
    event = {
        "specversion": "1.0",
        "id": f"e{next(NUMBERS):06d}",
        "source": f"/platforms/{data['jurisdiction']}",
        "type": f"vbp.{kind}.v1",
        "time": instant(at).isoformat(),
        "data": data,
    }
    return event if told is None else {**event, "recordedtime": instant(told).isoformat()}


def _written(value: Any) -> Any:
    """A date or an instant as it stands in JSON."""
    if isinstance(value, datetime):
        return instant(value).isoformat()
    return value.isoformat() if isinstance(value, date) else value


def heard(event: dict[str, Any], told: str | datetime | None = None, offset: int = -1) -> Event:
    """An event as a service reads it; `told` is when it reached the bus."""
    raw = json.dumps(event, ensure_ascii=False).encode()
    return read_structured(raw, None if told is None else instant(told), offset=offset)


def an_event(kind: str, at: str | datetime = LONG_AGO, **changed: Any) -> Event:
    """An event of a kind, as a service reads it."""
    return heard(said(kind, at, **changed))


def an_example(
    kind: str, *, data: dict[str, Any] | None = None, **attributes: Any
) -> dict[str, Any]:
    """The documented example of a type, of its own id; what is given replaces, None removes."""
    event = {**examples.example(kind), "id": uuid.uuid4().hex, **attributes}
    event["data"] = _without_none({**event["data"], **(data or {})})
    return _without_none(event)


def _without_none(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}
