"""In whose name an event is told, and whether somebody may tell it.

Who has no party of its own, such as a platform, tells under its own sources whatever concerns
anybody. A party tells what is its to tell, under its own sources and of itself.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from shared.domain.cloudevents import Event
from shared.domain.errors import InvalidEventError
from shared.domain.principal import Principal, may_reach, may_tell

_SHOWN = 5


class Speaker(NamedTuple):
    """A kind of party that may tell a type; `field` of the data has its code, if one does."""

    kind: str
    field: str | None = None


_BUYER, _SELLER, _WINNER = Speaker("hospital"), Speaker("distributor"), Speaker("manufacturer")
_ORDERING = (Speaker("hospital", "hospital"),)
# A winner that delivers its product itself stands where a distributor does.
_DELIVERING = (Speaker("distributor", "distributor"), Speaker("manufacturer", "distributor"))
_WINNING = (Speaker("manufacturer", "manufacturer"),)
_PAYING = (
    *(Speaker(kind, "payer") for kind in ("hospital", "agency", "distributor")),
    *(Speaker(kind, "payee") for kind in ("distributor", "manufacturer")),
)

SPEAKERS: Mapping[str, tuple[Speaker, ...]] = {
    "vbp.agreement.signed.v1": (*_ORDERING, Speaker("distributor", "distributor")),
    "vbp.order.placed.v1": _ORDERING,
    "vbp.order.accepted.v1": _DELIVERING,
    "vbp.order.rejected.v1": _DELIVERING,
    "vbp.order.cancelled.v1": (_BUYER,),
    "vbp.order.voided.v1": (_BUYER, _SELLER, _WINNER),
    "vbp.shipment.dispatched.v1": _DELIVERING,
    "vbp.delivery.received.v1": _ORDERING,
    "vbp.goods.returned.v1": (_BUYER, _SELLER, _WINNER),
    "vbp.invoice.issued.v1": (_SELLER, _WINNER),
    "vbp.delivery.voided.v1": (_BUYER, _SELLER, _WINNER),
    "vbp.distributor.appointed.v1": _WINNING,
    "vbp.distributor.released.v1": (_WINNER,),
    "vbp.shortage.reported.v1": _WINNING,
    "vbp.shortage.ended.v1": (_WINNER,),
    "vbp.production.stopping.v1": _WINNING,
    "vbp.stock.reported.v1": _WINNING,
    "vbp.stock.voided.v1": (_WINNER,),
    "vbp.prepayment.made.v1": (Speaker("agency", "agency"),),
    "vbp.prepayment.returned.v1": (*_ORDERING, Speaker("agency")),
    "vbp.prepayment.voided.v1": (_BUYER, Speaker("agency")),
    "vbp.payment.made.v1": _PAYING,
    "vbp.payment.voided.v1": (_BUYER, Speaker("agency"), _SELLER, _WINNER),
}
"""Which parties tell a type. What is not here (the register) no party tells: platforms do."""


def check_own_name(principal: Principal, event: Event) -> None:
    """Raise InvalidEventError unless somebody may tell an event, in the name that it is told in."""
    if not may_tell(principal, event.source):
        remedy = f"Tell it as one of: {_some(principal.sources)}; or show the key of that source"
        raise InvalidEventError("source", "is not one of your own", remedy, event.source)
    jurisdiction = event.data.jurisdiction
    if not may_reach(principal, jurisdiction):
        remedy = f"Tell of one of: {_some(principal.jurisdictions)}"
        raise InvalidEventError("data.jurisdiction", "is not one of yours", remedy, jurisdiction)
    if principal.parties:
        _check_speaker(principal, event)
        _check_voided(principal, event)


def _check_speaker(principal: Principal, event: Event) -> None:
    speakers = SPEAKERS.get(event.type, ())
    kinds = {party.kind for party in principal.parties}
    mine = [speaker for speaker in speakers if speaker.kind in kinds]
    if not mine:
        remedy = f"Leave it to: {', '.join(sorted({one.kind for one in speakers})) or 'platforms'}"
        raise InvalidEventError("type", "is not yours to tell", remedy, event.type)
    told = [(one, getattr(event.data, one.field) if one.field else None) for one in mine]
    if any(code is None or (one.kind, code) in principal.parties for one, code in told):
        return
    field = next(one.field for one, _ in told)
    codes = (party.code for party in principal.parties if party.kind in {one.kind for one in mine})
    remedy = f"Name one of: {_some(codes)}"
    raise InvalidEventError(f"data.{field}", "is not one of your own", remedy, told[0][1])


def _check_voided(principal: Principal, event: Event) -> None:
    source = getattr(event.data, "event_source", None)
    if source is not None and not may_tell(principal, source):
        remedy = "Only who told an event takes it back"
        raise InvalidEventError("data.event_source", "is not one of your own", remedy, source)


def _some(names: Iterable[str] | None) -> str:
    found = sorted(names or ())
    shown = ", ".join(found[:_SHOWN]) + (", …" if len(found) > _SHOWN else "")
    return shown or "none"
