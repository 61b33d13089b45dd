"""The register of a long history: products of one variety, hospitals, agreements, prices."""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from random import Random
from typing import Any

from tests.support.histories.journal import Event, Journal
from tests.support.histories.register import AREAS, HOURS, Scene
from tests.support.oracle import THIRTY

DAYS = {
    "cn-sx": (
        "2021-12-16 2021-12-17 2022-01-01 2022-01-31 2022-02-01 2022-02-28 2022-03-01 2022-03-31 "
        "2022-04-30 2022-05-01 2022-05-11 2022-06-30 2022-07-01 2022-07-31 2022-08-01 2022-09-30 "
        "2022-10-08 2022-12-31 2023-01-01"
    ),
    "cn-tj": (
        "2019-02-28 2019-03-01 2019-03-31 2019-04-01 2019-04-10 2019-04-26 2019-04-30 2019-05-10 "
        "2019-05-11 2019-06-10 2019-06-30 2019-07-31 2019-08-01 2019-09-30 2019-10-08 2019-12-31 "
        "2020-01-22 2020-02-10 2020-02-29"
    ),
}
CYCLES = {
    "cn-sx": (
        ("2021-06-01", "2022-08-01"),
        ("2021-12-16", "2022-12-16"),
        ("2021-12-17", "2022-12-17"),
        ("2022-01-01", "2023-01-01"),
        ("2022-01-01", "2024-01-01"),
        ("2021-05-01", "2022-05-01"),
    ),
    "cn-tj": (
        ("2019-03-01", "2020-03-01"),
        ("2019-01-01", "2021-01-01"),
        ("2019-04-01", "2019-10-01"),
    ),
}
SUCCESSORS = ("2022-05-01", "2022-07-01", "2022-08-05", "2023-01-01", "2019-10-01", "2019-06-01")
PRICES = ("1.00", "1.00", "1.0", "0.99", "3.335")
YEAR = timedelta(days=365)


@dataclass
class Market:
    """A scene with the days around which its years turn, and what later events may name."""

    scene: Scene
    days: tuple[date, ...]
    cycles: tuple[tuple[str, str], ...]
    orders: list[Event] = field(default_factory=list)
    receipts: list[Event] = field(default_factory=list)
    signed: list[dict[str, Any]] = field(default_factory=list)

    def day(self) -> date:
        """A day that decides, or one beside it."""
        beside = self.scene.one_of((0, 0, 0, 1, -1, 9, 20))
        return self.scene.one_of(self.days) + timedelta(days=beside)

    def at(self) -> datetime:
        """An instant on such a day, often its first or last second."""
        return self.scene.instant(self.day())

    def maybe(self, likelihood: float, value: Any) -> Any:
        """The value, or None."""
        return value if self.scene.is_so(likelihood) else None


def set_market(chance: Random) -> Market:
    """A new history with its register told."""
    (jurisdiction,) = chance.choices(("cn-sx", "cn-tj"), (55, 45))
    days = tuple(date.fromisoformat(day) for day in DAYS[jurisdiction].split())
    scene = Scene(chance, Journal(chance, jurisdiction), days[6])
    scene.products = ["P1", "P2", "P3"][: chance.choice((1, 2, 2, 3))]
    scene.hospitals = ["H1", "H2"][: chance.choice((1, 2, 2))]
    market = Market(scene, days, CYCLES[jurisdiction])
    told_equivalent = scene.is_so(0.6)
    consumables = scene.is_so(0.35)
    for number, product in enumerate(scene.products):
        common: dict[str, Any] = {
            "product": product,
            "variety": "V1",
            "name": "阿莫西林 胶囊",
            "category": "consumable" if consumables or scene.is_so(0.05) else "drug",
            "unit": "粒",
        }
        optional: dict[str, Any] = {
            "equivalent": scene.one_of((1, 2, 0.5))
            if told_equivalent != scene.is_so(0.04)
            else None,
            "class": market.maybe(0.8, "K1"),
            "consistency_passed": scene.one_of((None, True, False)),
            "in_catalogue": scene.one_of((None, True, True, True, False)),
            "originator": scene.one_of((None, True, False)),
        }
        _tell_product(market, common, optional, is_listed=number > 0 and scene.is_so(0.7))
    for hospital in scene.hospitals:
        _tell_hospital(market, hospital)
        for product in scene.products:
            for _ in range(chance.choice((0, 1, 1, 2))):
                _sign(market, hospital, product)
    for _ in range(chance.randint(0, 2)):
        _exempt(market)
    if scene.is_so(0.2):
        scene.journal.say(
            "party.registered", market.at(), party="D1", kind="distributor", name="某"
        )
    return market


def _tell_product(
    market: Market, common: dict[str, Any], optional: dict[str, Any], *, is_listed: bool
) -> None:
    scene, say = market.scene, market.scene.journal.say
    if scene.is_so(0.04):
        return
    if is_listed or scene.is_so(0.1):
        listed = {**common, "manufacturer": "M9", "price": "2.00"}
        say("product.listed", scene.long_ago(), optional, **listed)
    if not is_listed or scene.is_so(0.15):
        start, end = scene.one_of(market.cycles)
        _select(market, common, optional, start, end)
        if scene.is_so(0.35):
            start = scene.one_of(SUCCESSORS)
            end = (date.fromisoformat(start) + YEAR).isoformat()
            _select(market, common, optional, start, end)
    if scene.is_so(0.1):
        on = market.day().isoformat()
        product = common["product"]
        say("product.deselected", scene.long_ago(), product=product, on=on, reason="退出")
    for kind, name in (("price.listed", "price"), ("standard.set", "standard_price")):
        for _ in range(scene.chance.choice((0, 1, 1, 2))):
            price: dict[str, Any] = {name: scene.one_of((*PRICES, "2.00"))}
            on = min(market.day(), market.day()).isoformat()
            say(kind, market.at(), product=common["product"], effective_on=on, **price)


def _select(
    market: Market, common: dict[str, Any], optional: dict[str, Any], start: str, end: str
) -> None:
    scene = market.scene
    scene.journal.say(
        "product.selected",
        scene.long_ago() if scene.is_so(0.9) else market.at(),
        optional,
        **common,
        manufacturer=scene.one_of(("M1", "M1", "M1", "M2")),
        round="第一批",
        selected_price=scene.one_of(PRICES),
        cycle_start=start,
        cycle_end=end,
    )


def _tell_hospital(market: Market, hospital: str) -> None:
    scene = market.scene
    if scene.is_so(0.05):
        return
    ownership = market.maybe(0.5, scene.one_of(("public", "public", "private", "military")))
    told: dict[str, Any] = {"hospital": hospital, "name": "县 人民医院"}
    for time in [scene.long_ago(), *([market.at()] if scene.is_so(0.2) else [])]:
        scene.journal.say(
            "hospital.enrolled",
            time,
            {"ownership": ownership},
            **told,
            area=scene.one_of(AREAS),
            remote=scene.is_so(0.5),
            enrolled_on="2018-01-01" if scene.is_so(0.85) else market.day().isoformat(),
        )
    if scene.is_so(0.12):
        on = market.day().isoformat()
        scene.journal.say("hospital.withdrawn", market.at(), hospital=hospital, withdrawn_on=on)


def _sign(market: Market, hospital: str, product: str) -> None:
    scene = market.scene
    start = market.day() if scene.is_so(0.6) else market.days[scene.one_of((1, 2, 3))]
    whole = scene.one_of((YEAR, YEAR, YEAR + timedelta(days=1), timedelta(days=200)))
    length = whole if scene.is_so(0.9) else timedelta(days=scene.one_of((0, 60, 100, 800)))
    signed_by = scene.chance.sample(("manufacturer", "distributor", "hospital"), 2)
    signed_on = start - timedelta(days=scene.one_of((0, 3, 40, -40)))
    hours = {name: market.maybe(0.08, scene.one_of((1, 24, 96))) for name in HOURS}
    terms: dict[str, Any] = {
        "agreement": f"A{len(market.signed) + 1}",
        "product": product,
        "hospital": hospital,
        "agreed_quantity": scene.one_of((10, 20, 100, 1000)),
        "start": start.isoformat(),
        "end": (start + length).isoformat(),
    }
    optional: dict[str, Any] = {
        "distributor": scene.one_of(("D1", "D1", "D2", "M1", None)),
        "unit_price": market.maybe(0.4, scene.one_of(PRICES)),
        "signed_on": market.maybe(0.5, signed_on.isoformat()),
        "signed_by": market.maybe(0.4, signed_by),
        **hours,
    }
    told = scene.long_ago() if scene.is_so(0.85) else market.at()
    market.signed.append({**terms, **optional})
    scene.journal.say("agreement.signed", told, optional, **terms)


def _exempt(market: Market) -> None:
    scene = market.scene
    scene.journal.say(
        "exemption.granted",
        market.at(),
        {
            "product": market.maybe(0.4, "P1"),
            "area": market.maybe(0.3, "1401"),
            "hospital": market.maybe(0.3, "H1"),
            "distributor": market.maybe(0.2, "D1"),
            "manufacturer": market.maybe(0.2, "M1"),
        },
        exemption=f"X{len(scene.journal.events)}",
        rule=scene.one_of(sorted(THIRTY)),
        start="2019-01-01" if scene.is_so(0.6) else market.day().isoformat(),
        end="2024-01-01" if scene.is_so(0.6) else market.day().isoformat(),
        reason="灾害",
        authority="省 医保局",
    )
