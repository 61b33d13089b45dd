"""The money of a long history: prepayments, their returns, payments on every leg."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from tests.support.histories.journal import Event
from tests.support.histories.market import Market
from tests.support.histories.orders import NEAR

AMOUNTS = ("3", "5.00", "9.00", "10.00", "10.01", "18.00", "20.00", "50", "100.00", "500.00")
AFTER = (0, 1, 5, 7, 30, 31, 59, 60, 90, 150, 300)


def tell_funds(market: Market) -> None:
    """Tell of some prepayments and payments."""
    for number in range(market.scene.chance.choice((0, 0, 1, 2, 3))):
        _prepay(market, f"Y{number}")
    for receipt in market.receipts:
        if market.scene.is_so(0.55):
            _pay_for(market, receipt)
    for _ in range(market.scene.chance.choice((0, 0, 1, 2))):
        _pay(market, market.at(), market.scene.one_of(AMOUNTS), {})


def _some(market: Market, names: dict[str, Any]) -> dict[str, Any]:
    """Each name told or not."""
    return {name: market.maybe(0.35, value) for name, value in names.items()}


def _prepay(market: Market, id_: str) -> None:
    scene = market.scene
    signed = scene.one_of(market.signed) if market.signed else {}
    agreement = scene.one_of((signed.get("agreement"),) * 4 + ("A1", "A-unknown", None))
    named = {"product": scene.products[0], "category": scene.one_of(("drug", "consumable"))}
    made: dict[str, Any] = {
        "prepayment": id_,
        "agency": "YB1",
        "hospital": signed.get("hospital", "H1") if scene.is_so(0.9) else "H2",
        "amount": scene.one_of(AMOUNTS),
    }
    at = market.at()
    if market.receipts and scene.is_so(0.5):
        # Shortly after goods came, and for the agreement that they came under.
        receipt = scene.one_of(market.receipts)
        at = datetime.fromisoformat(receipt["time"]) + timedelta(days=scene.one_of((0, 1, 9)))
        agreement = _agreement_for(market, receipt) or agreement
    scene.journal.say(
        "prepayment.made", at, {"agreement": agreement, **_some(market, named)}, **made
    )
    for number in range(scene.chance.choice((0, 0, 1, 2))):
        back = scene.one_of((made["amount"], made["amount"], "5.00", "1"))
        said: dict[str, Any] = {"return": f"{id_}-{number}", "prepayment": id_}
        said |= {"hospital": made["hospital"], "amount": back}
        scene.journal.say(
            "prepayment.returned",
            at + timedelta(days=scene.one_of(AFTER)) + scene.one_of(NEAR),
            {"kind": scene.one_of((None, "return", "offset"))},
            **said,
        )


def _agreement_for(market: Market, receipt: Event) -> str | None:
    """The agreement under which goods came, if one names their distributor."""
    (order,) = [o["data"] for o in market.orders if o["data"]["order"] == receipt["data"]["order"]]
    for terms in market.signed:
        same = ("hospital", "product", "distributor")
        if all(terms[name] == order[name] for name in same):
            return str(terms["agreement"])
    return None


def _pay_for(market: Market, receipt: Event) -> None:
    """A payment that may be for a receipt: all of it, nearly, or something else."""
    scene, data = market.scene, receipt["data"]
    (order,) = [o["data"] for o in market.orders if o["data"]["order"] == data["order"]]
    owed = data["quantity_accepted"] * Decimal(order["unit_price"])
    amount = scene.one_of(
        (owed, owed, owed - 1, owed + 3, owed / 2, Decimal(scene.one_of(AMOUNTS)))
    )
    at = datetime.fromisoformat(receipt["time"]) + timedelta(days=scene.one_of(AFTER))
    if scene.is_so(0.5):
        at = scene.instant(at.date().replace(day=1))
    names = {"order": data["order"], "receipt": data["receipt"], "product": data["product"]}
    whose = {"payer": order["hospital"], "payee": order["distributor"]}
    _pay(market, at + scene.one_of(NEAR), str(max(amount, Decimal(0))), {**names, **whose})


def _pay(market: Market, at: datetime, amount: str, known: dict[str, Any]) -> None:
    scene = market.scene
    leg = scene.one_of(
        ("hospital_to_distributor",) * 4
        + ("agency_to_distributor",)
        + ("distributor_to_manufacturer",) * (0 if known else 5)
    )
    payer = known.get("payer", scene.one_of(scene.hospitals))
    payee = known.get("payee", "D1") if scene.is_so(0.9) else "D2"
    hospital = None
    if leg == "agency_to_distributor":
        hospital, payer = market.maybe(0.8, payer), "YB1"
    if leg == "distributor_to_manufacturer":
        payer, payee = payee, scene.one_of(("M1", "M1", "M2"))
    named = {name: known.get(name) for name in ("order", "receipt", "product")}
    if scene.is_so(0.1):
        named = {"order": "O1", "receipt": "R0", "product": "P2"}
    optional = {
        **_some(market, named),
        "product": named["product"] if scene.is_so(0.5) else market.maybe(0.3, "P1"),
        "prepayment": market.maybe(0.1, "Y0"),
        "hospital": hospital,
        "distributor": market.maybe(0.1, scene.one_of(("D1", "D2"))),
    }
    payment = f"F{len(scene.journal.events)}"
    said: dict[str, Any] = {
        "payment": payment,
        "leg": leg,
        "payer": payer,
        "payee": payee,
        "amount": amount,
    }
    scene.journal.say("payment.made", at, optional, **said)
    if leg != "distributor_to_manufacturer" and scene.is_so(0.3):
        share = str(Decimal(amount) * scene.one_of((Decimal("0.9"), Decimal("0.5"), Decimal(1))))
        on: dict[str, Any] = {
            "payment": f"{payment}-on",
            "leg": "distributor_to_manufacturer",
            "amount": share,
        }
        after = timedelta(days=scene.one_of((1, 3, 4, 6, 14))) + scene.one_of(NEAR)
        named = {"product": market.maybe(0.4, "P1")}
        scene.journal.say("payment.made", at + after, named, payer=payee, payee="M1", **on)
