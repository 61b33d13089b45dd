"""The register of a random history: products, hospitals, agreements."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from random import Random
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from tests.support.histories.journal import Event, Journal

Thing = TypeVar("Thing")

SHANGHAI = ZoneInfo("Asia/Shanghai")
AREAS = ("1401", "1402")
CENTRES = {
    "cn-sx": ("2021-12-17", "2021-12-28", "2022-01-20", "2022-02-25", "2022-06-27", "2022-09-10"),
    "cn-tj": ("2019-03-05", "2019-05-10", "2020-02-25"),
    "scms": ("2010-05-04",),
}
HOURS = ("response_hours", "delivery_hours", "urgent_response_hours", "urgent_delivery_hours")


@dataclass
class Scene:
    """What a history is about; `centre` is the day around which most of it happens.

    `late` is how likely it is at present that an event is written down afterwards.
    """

    chance: Random
    journal: Journal
    centre: date
    products: list[str] = field(default_factory=list)
    categories: dict[str, str] = field(default_factory=dict)
    hospitals: list[str] = field(default_factory=list)
    areas: dict[str, str] = field(default_factory=dict)
    agreements: dict[str, dict[str, Any]] = field(default_factory=dict)
    stock_outs: list[datetime] = field(default_factory=list)
    late: float = 0.07

    def is_so(self, likelihood: float) -> bool:
        """Yes or no, yes with the likelihood given."""
        return self.chance.random() < likelihood

    def one_of(self, things: Sequence[Thing]) -> Thing:
        """Any of them."""
        return self.chance.choice(things)

    def day(self, *offsets: int) -> date:
        """A day that lies one of the offsets away from the centre."""
        return self.centre + timedelta(days=self.chance.choice(offsets))

    def instant(self, day: date) -> datetime:
        """An instant on a day, often its first or last second."""
        at = self.one_of((time(0), time(23, 59, 59), time(9, 30), time(16, 5, 7)))
        return datetime.combine(day, at, SHANGHAI)

    def long_ago(self) -> datetime:
        """An instant at which registers used to be filled."""
        return self.instant(self.centre - timedelta(days=self.chance.choice((400, 420, 450))))


def set_scene(chance: Random) -> Scene:
    """A new history with its register told."""
    (jurisdiction,) = chance.choices(("cn-sx", "cn-tj", "scms"), (87, 10, 3))
    centre = date.fromisoformat(chance.choice(CENTRES[jurisdiction]))
    scene = Scene(chance, Journal(chance, jurisdiction), centre)
    scene.products = ["P1", "P2"][: 1 + scene.is_so(0.4)]
    scene.hospitals = ["H1", "H2", "H3"][: 2 + scene.is_so(0.4)]
    for product in scene.products:
        _tell_product(scene, product)
    for hospital in scene.hospitals:
        _tell_hospital(scene, hospital)
    for hospital in scene.hospitals:
        for product in scene.products:
            _tell_agreements(scene, hospital, product)
    for product in scene.products:
        _tell_prices(scene, product)
    return scene


def _tell_prices(scene: Scene, product: str) -> None:
    """Tell what the platform asks and the insurance pays, mostly the selected price."""
    for kind, name in (("price.listed", "price"), ("standard.set", "standard_price")):
        for _ in range(scene.one_of((0, 1, 1, 2, 3))):
            on = scene.day(-420, -60, -5, -1, 0, 2, 5)
            told: dict[str, Any] = {name: scene.one_of(("0.36", "0.360", "0.40", "0.50"))}
            at = scene.long_ago() if scene.is_so(0.6) else scene.instant(scene.day(-3, 0, 3))
            scene.journal.say(kind, at, product=product, effective_on=on.isoformat(), **told)


def _tell_product(scene: Scene, product: str) -> None:
    (category,) = scene.chance.choices(("drug", "consumable"), (80, 20))
    scene.categories[product] = category
    fate = scene.chance.random()
    if fate < 0.03:
        return
    told: dict[str, Any] = {
        "product": product,
        "variety": f"V{product}",
        "name": "阿莫西林 胶囊",
        "category": category,
        "unit": "粒",
    }
    if fate < 0.08:
        told |= {"manufacturer": "M9", "price": "0.50"}
        scene.journal.say("product.listed", scene.long_ago(), **told)
        return
    for number, (start, end) in enumerate(_cycles(scene)):
        if scene.is_so(0.07):
            told["category"] = "consumable"
        scene.journal.say(
            "product.selected",
            scene.long_ago(),
            {"equivalent": scene.one_of((None, 1)), "in_catalogue": scene.one_of((None, True))},
            **told,
            manufacturer=scene.one_of(("M1", "M1", "M1", "M2")),
            round=f"R{number + 1}",
            selected_price=scene.one_of(("0.36", "0.36", "0.40")),
            cycle_start=start.isoformat(),
            cycle_end=end.isoformat(),
        )
    if scene.is_so(0.1):
        on = scene.day(-3, 0, 2, 5).isoformat()
        scene.journal.say(
            "product.deselected", scene.long_ago(), product=product, on=on, reason="退出"
        )


def _cycles(scene: Scene) -> list[tuple[date, date]]:
    year = timedelta(days=365)
    kind = scene.chance.random()
    if kind < 0.4:
        start = scene.day(-200, -60, -30, -10, -3, 0)
        return [(start, start + year)]
    if kind < 0.55:
        # Either side of the day from which on a cycle was not yet in execution at the notice.
        start = date(2021, 12, 16) if scene.is_so(0.6) else date(2021, 12, 17)
        end = scene.day(-20, -2, 0, 3)
        return [(start, end if start < end else start + year)]
    end = scene.day(-90, -25, -5, 0, 2, 6)
    if scene.is_so(0.2):
        # A cycle that ends on an alignment day has no bridge left.
        end = date(2022, 7, 1) if scene.centre > date(2022, 3, 1) else date(2022, 1, 1)
    cycles = [(end - year, end)]
    if kind > 0.75:
        start = end + timedelta(days=scene.one_of((-4, 0, 2, 5, 20)))
        cycles.append((start, start + year))
    return cycles


def _tell_hospital(scene: Scene, hospital: str) -> None:
    area = scene.one_of(AREAS)
    scene.areas[hospital] = area
    if scene.is_so(0.08):
        return
    enrolled = scene.day(-300, -300, -300, -4, 0, 3)
    told: dict[str, Any] = {"hospital": hospital, "name": "县 人民医院"}
    told["remote"] = scene.is_so(0.3)

    def tell(at: datetime, area: str, on: date) -> None:
        level = {"level": scene.one_of((None, "二级"))}
        scene.journal.say(
            "hospital.enrolled", at, level, **told, area=area, enrolled_on=on.isoformat()
        )

    tell(scene.long_ago() if scene.is_so(0.85) else scene.instant(scene.day(0, 4)), area, enrolled)
    if scene.is_so(0.2):
        told["remote"] = scene.is_so(0.5)
        moved = scene.instant(scene.day(-6, -1, 0, 2, 5))
        tell(moved, scene.one_of(AREAS), enrolled)
    if scene.is_so(0.2):
        left = scene.day(-8, -1, 0, 3, 7)
        scene.journal.say(
            "hospital.withdrawn",
            scene.instant(left - timedelta(days=scene.one_of((0, 3, 30)))),
            hospital=hospital,
            withdrawn_on=left.isoformat(),
        )
        if scene.is_so(0.6):
            back = left + timedelta(days=scene.one_of((-1, 0, 1, 4)))
            tell(scene.instant(back), area, back)


def _tell_agreements(scene: Scene, hospital: str, product: str) -> None:
    if scene.is_so(0.2):
        return
    start = scene.day(-200, -30, -30, -16, -5, 0)
    end = start + timedelta(days=365) if scene.is_so(0.6) else scene.day(-3, 1, 4, 8)
    _sign(scene, hospital, product, start, end)
    if scene.is_so(0.3):
        renewed = end + timedelta(days=scene.one_of((-30, -3, 0, 1, 5)))
        _sign(scene, hospital, product, renewed, renewed + timedelta(days=365))


def _sign(scene: Scene, hospital: str, product: str, start: date, end: date) -> Event:
    id_ = f"A{len(scene.agreements) + 1}"
    hours: dict[str, Any] = {
        name: scene.one_of((1, 4, 24, 48, 96)) if scene.is_so(0.2) else None for name in HOURS
    }
    scene.agreements[id_] = {"hospital": hospital, "product": product, **hours}
    signed = scene.long_ago() if scene.is_so(0.85) else scene.instant(start)
    return scene.journal.say(
        "agreement.signed",
        signed,
        {"distributor": scene.one_of((None, "D1")), **hours},
        agreement=id_,
        product=product,
        hospital=hospital,
        agreed_quantity=scene.one_of((1, 4, 5, 10, 20)),
        start=start.isoformat(),
        end=end.isoformat(),
    )
