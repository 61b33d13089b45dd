"""`payment-standard`: what the insurance pays, held against prices and other standards."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any

from tests.support.oracle.facts import World, midnight_of
from tests.support.oracle.findings import Finding
from tests.support.oracle.rest.cycles import is_known, listing
from tests.support.oracle.rest.days import by_now, exact, runs, shown
from tests.support.oracle.rest.goods import factor, is_mixed
from tests.support.oracle.rest.listing_price import changes, latest, price_on
from tests.support.oracle.terms import governing, stretches

RULE = "payment-standard"
KIND = "standard.set"
CHECKS = {"cn-sx": ("base", "not-passed", "class"), "cn-tj": ("base", "same-name")}


@dataclass(frozen=True)
class Product:
    """A product as it is on a day: in a stretch or listed, with its standard if one is known."""

    code: str
    is_selected: bool
    told: dict[str, Any]
    standard: str | None

    @property
    def is_passed(self) -> bool | None:
        """Whether it passed the evaluation of consistency, None if nobody says."""
        passed: bool | None = self.told.get("consistency_passed")
        return passed

    @property
    def per_unit(self) -> Fraction:
        """Its standard for one common unit."""
        return exact(self.standard or "0") / factor(self.told)


def find(world: World) -> Iterator[Finding]:
    """Findings of the rule."""
    if RULE not in world.policy.rules:
        return
    for product in sorted({t.data["product"] for t in world.every(KIND)}):
        if not is_known(world, product):
            world.unjudged.add((RULE, "product"))
        for check in CHECKS[world.jurisdiction]:
            yield from _of(world, product, check)


def _of(world: World, product: str, check: str) -> Iterator[Finding]:
    ask: Callable[[World, Product, date], Fraction | None] = ASKED[check]

    def held_against(day: date) -> Fraction | None:
        """What the standard is held against where it fails the check, in its own unit."""
        if not world.policy.carries(RULE, day) or midnight_of(day) > world.now:
            return None
        on = product_on(world, product, day)
        if on is None or on.standard is None:
            return None
        return ask(world, on, day)

    boundaries = _boundaries(world)
    for start, end in runs(boundaries, lambda day: held_against(day) is not None):
        if midnight_of(start) > world.now:
            continue
        last = latest(world, boundaries, start, end)
        yield Finding(
            rule=RULE,
            subject=product,
            anchor=f"{check}:{start}",
            severity="warning",
            occurred_at=midnight_of(start),
            cured_at=None if end == date.max else by_now(world, midnight_of(end)),
            observed=price_on(world, KIND, "standard_price", product, last),
            limit=shown(held_against(last) or Fraction(0)),
            parties={"product": product, "manufacturer": _manufacturer(world, product, start)},
        )


def _boundaries(world: World) -> set[date]:
    days = {world.policy.start, world.policy.until}
    for product in _all(world):
        days |= changes(world, KIND, product)
        for stretch in stretches(world, product):
            days |= {stretch.start, stretch.end}
    return days


def _all(world: World) -> list[str]:
    told = world.every("product.selected") + world.every("product.listed") + world.every(KIND)
    return sorted({telling.data["product"] for telling in told})


def product_on(world: World, code: str, day: date) -> Product | None:
    """A product of the catalogue as it is on a day."""
    cycle = governing(world, code, day)
    told = listing(world, code) if cycle is None else cycle
    if told is None or told.get("in_catalogue") is False:
        return None
    standard = price_on(world, KIND, "standard_price", code, day)
    return Product(code, cycle is not None, dict(told), standard)


def _others(world: World, day: date, **same: str) -> list[Product]:
    """The products of the catalogue that day that share what is given."""
    found = [product_on(world, code, day) for code in _all(world)]
    return [p for p in found if p and all(p.told.get(n) == v for n, v in same.items())]


def _manufacturer(world: World, product: str, day: date) -> str | None:
    on = product_on(world, product, day)
    return None if on is None else on.told["manufacturer"]


def _base(_: World, product: Product, __: date) -> Fraction | None:
    if not product.is_selected:
        return None
    selected = exact(product.told["selected_price"])
    return selected if exact(product.standard or "0") != selected else None


def _not_passed(world: World, product: Product, day: date) -> Fraction | None:
    if product.told["category"] != "drug" or product.is_passed is not False:
        return None
    variety = product.told["variety"]
    if _is_mixed(world, "variety", variety):
        return None
    passed = [
        other.per_unit
        for other in _others(world, day, variety=variety, category="drug")
        if other.is_passed is True and other.standard is not None
    ]
    if not passed or product.per_unit <= max(passed):
        return None
    return max(passed) * factor(product.told)


def _class(world: World, product: Product, day: date) -> Fraction | None:
    class_ = product.told.get("class")
    if product.told["category"] != "consumable" or product.is_selected or class_ is None:
        return None
    if _is_mixed(world, "class", class_):
        return None
    selected = [
        exact(other.told["selected_price"]) / factor(other.told)
        for other in _others(world, day, category="consumable", **{"class": class_})
        if other.is_selected
    ]
    if not selected or product.per_unit <= max(selected):
        return None
    return max(selected) * factor(product.told)


def _same_name(world: World, product: Product, day: date) -> Fraction | None:
    is_meant = product.told.get("originator") is True or product.is_passed is True
    if product.told["category"] != "drug" or product.is_selected or not is_meant:
        return None
    variety = product.told["variety"]
    if _is_mixed(world, "variety", variety):
        return None
    won = [
        other.per_unit
        for other in _others(world, day, variety=variety, category="drug")
        if other.is_selected and other.standard is not None
    ]
    return min(won) * factor(product.told) if won and product.per_unit != min(won) else None


def _is_mixed(world: World, name: str, value: str) -> bool:
    """Whether what is compared per common unit is unjudged for a variety, or a class."""

    def is_one(told: Any) -> bool:
        return told.get(name) == value and (name == "variety" or told["category"] == "consumable")

    found = is_mixed(world, is_one)
    if found:
        world.unjudged.add((RULE, "product.equivalent"))
    return found


ASKED: dict[str, Callable[[World, Product, date], Fraction | None]] = {
    "base": _base,
    "not-passed": _not_passed,
    "class": _class,
    "same-name": _same_name,
}
