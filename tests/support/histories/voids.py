"""Entries that are taken back (冲销), by those who may and by those who may not."""

from datetime import datetime, timedelta
from typing import Any

from tests.support.histories.conflicts import SOURCES
from tests.support.histories.journal import Event
from tests.support.histories.market import Market

VOIDED_BY = {
    "order.placed": ("order.voided", "order"),
    "order.accepted": ("order.voided", "order"),
    "order.rejected": ("order.voided", "order"),
    "order.cancelled": ("order.voided", "order"),
    "shipment.dispatched": ("delivery.voided", "order"),
    "delivery.received": ("delivery.voided", "order"),
    "goods.returned": ("delivery.voided", "order"),
    "invoice.issued": ("delivery.voided", "order"),
    "stock.reported": ("stock.voided", "product"),
    "payment.made": ("payment.voided", "payment"),
    "prepayment.made": ("prepayment.voided", "prepayment"),
    "prepayment.returned": ("prepayment.voided", "prepayment"),
}
KINDS = sorted(VOIDED_BY.values())


def take_back(market: Market) -> None:
    """Void a few events; some of the voids are told by strangers, or mean another thing."""
    for event in list(market.scene.journal.events):
        kind = event["type"].removeprefix("vbp.").removesuffix(".v1")
        if kind in VOIDED_BY and market.scene.is_so(0.04):
            _void(market, event, *VOIDED_BY[kind])


def _void(market: Market, event: Event, kind: str, shared: str) -> None:
    scene, data = market.scene, event["data"]
    if scene.is_so(0.06):
        kind, shared = scene.one_of(KINDS)
    said: dict[str, Any] = {shared: data.get(shared) or "O1", "event": event["id"]}
    if kind in {"order.voided", "delivery.voided"}:
        said["product"] = data.get("product") or scene.products[0]
    if scene.is_so(0.06):
        said[shared] = "O1"
    own = event["source"]
    after = timedelta(days=scene.one_of((0, 1, 40, 200)))
    scene.journal.say(
        kind,
        datetime.fromisoformat(event["time"]) + after,
        {"event_source": scene.one_of((None, own, own))},
        source=scene.one_of((own, own, own, f"/platforms/{data['jurisdiction']}", *SOURCES)),
        **{"reason": "录入错误", **said},
    )
    scene.journal.events[-1]["data"]["jurisdiction"] = data["jurisdiction"]
