from datetime import date, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from services.compliance.findings.finding import Missing
from services.compliance.law.law import Law, remembered
from services.compliance.law.supply_period import stretches
from services.compliance.policies.policy import Policy
from services.compliance.register.register import Register
from shared.domain import calendar
from shared.domain.records.agreement import Agreement
from shared.domain.records.product import Product
from tests.support.builders import POLICIES
from tests.support.events import an_event, instant

SX = next(policy for policy in POLICIES.all if policy.id == "cn-sx-2021-22")
TJ = next(policy for policy in POLICIES.all if policy.id == "cn-tj-2019-draft")
ALWAYS = replace(SX, bridge="all")


def a_product(*cycles: tuple[str, str], leaves: str | None = None) -> Product:
    product = Product()
    for start, end in cycles:
        product.merge(an_event("product.selected", cycle_start=start, cycle_end=end))
    if leaves is not None:
        product.merge(an_event("product.deselected", on=leaves))
    return product


def days(product: Product, policy: Policy) -> list[tuple[str, str]]:
    """The stretches of a product as days."""
    return [
        (str(calendar.day_of(held.start)), str(calendar.day_of(held.end)))
        for held in stretches(product, policy)
    ]


@pytest.mark.parametrize(
    ("last_day", "aligned"),
    [
        ("2021-12-31", "2022-01-01"),
        ("2022-01-01", "2022-07-01"),
        ("2022-06-29", "2022-07-01"),
        ("2022-06-30", "2022-07-01"),
        ("2022-07-01", "2023-01-01"),
        ("2022-12-30", "2023-01-01"),
    ],
)
def test_the_bridge_ends_on_the_alignment_day_after_the_last_day_of_the_cycle(
    last_day: str, aligned: str
) -> None:
    end = date.fromisoformat(last_day) + timedelta(days=1)
    product = a_product(("2021-01-01", end.isoformat()))
    assert days(product, SX) == [("2021-01-01", aligned)]


def test_only_what_was_in_execution_at_the_notice_has_a_bridge() -> None:
    old, new = a_product(("2021-12-16", "2022-03-01")), a_product(("2021-12-17", "2022-03-01"))
    assert days(old, SX) == [("2021-12-16", "2022-07-01")]
    assert days(new, SX) == [("2021-12-17", "2022-03-01")]
    assert days(new, ALWAYS) == [("2021-12-17", "2022-07-01")]
    assert days(old, TJ) == [("2021-12-16", "2022-03-01")]


def test_the_bridge_ends_where_the_next_cycle_starts() -> None:
    product = a_product(("2021-01-01", "2022-02-01"), ("2022-05-01", "2023-05-01"))
    assert days(product, SX) == [("2021-01-01", "2022-05-01"), ("2022-05-01", "2023-05-01")]


def test_of_overlapping_cycles_the_later_governs_from_its_start() -> None:
    product = a_product(("2021-01-01", "2022-02-01"), ("2021-12-01", "2021-12-20"))
    assert days(product, SX) == [("2021-01-01", "2021-12-01"), ("2021-12-01", "2022-01-01")]


def test_a_product_that_leaves_cuts_cycle_and_bridge_that_began_before() -> None:
    cycle = ("2021-01-01", "2022-03-01")
    assert days(a_product(cycle, leaves="2022-02-01"), SX) == [("2021-01-01", "2022-02-01")]
    assert days(a_product(cycle, leaves="2022-04-01"), SX) == [("2021-01-01", "2022-04-01")]
    assert days(a_product(cycle, leaves="2022-09-01"), SX) == [("2021-01-01", "2022-07-01")]
    assert days(a_product(cycle, leaves="2020-09-01"), SX) == [("2021-01-01", "2022-07-01")]


def test_a_cycle_that_starts_on_the_day_of_leaving_is_a_new_selection() -> None:
    product = a_product(
        ("2021-01-01", "2022-02-01"), ("2022-05-01", "2023-05-01"), leaves="2022-05-01"
    )
    assert days(product, SX) == [("2021-01-01", "2022-05-01"), ("2022-05-01", "2023-05-01")]


def test_a_cycle_that_ends_as_it_starts_is_none() -> None:
    assert days(a_product(("2021-01-01", "2021-01-01")), SX) == []


def test_an_open_end_lasts_until_the_end_of_the_calendar() -> None:
    (held,) = stretches(a_product(("2021-01-01", "9999-12-31")), SX)
    assert held.end == calendar.LATEST


def a_law(*events: Any) -> Law:
    register = Register()
    for event in events:
        register.merge(event)
    return Law(POLICIES, register)


def agreement_on(law: Law, day: date, named: str | None = None) -> Agreement | Missing | None:
    return law.agreement_for("cn-sx", "H1", "P1", named, day)


def test_an_order_has_the_agreement_that_it_names_even_out_of_force() -> None:
    law = a_law(
        an_event("agreement.signed", agreement="A0", start="2021-01-01", end="2022-01-01"),
        an_event("agreement.signed", agreement="A1"),
        an_event("agreement.signed", agreement="A2", hospital="H2"),
    )
    day = date(2022, 3, 1)
    held = {name: agreement_on(law, day, name) for name in (None, "A0", "A1", "A2")}
    assert {
        name: found.agreement for name, found in held.items() if isinstance(found, Agreement)
    } == {None: "A1", "A0": "A0", "A1": "A1", "A2": "A1"}
    assert agreement_on(law, day, "A9") == Missing("agreement")
    assert agreement_on(law, date(2023, 1, 1)) is None


def test_the_supply_period_is_remembered_until_the_register_changes() -> None:
    law = a_law(an_event("product.selected"))
    assert len(law.stretches("cn-sx", "P1", SX)) == 1
    law.register.merge(
        an_event("product.selected", cycle_start="2023-01-01", cycle_end="2024-01-01")
    )
    assert len(law.stretches("cn-sx", "P1", SX)) == 2
    assert law.stretches("cn-sx", "P2", SX) == []


def test_what_is_derived_from_the_register_is_remembered_until_it_changes() -> None:
    law = a_law(an_event("product.selected"))
    asked: list[str] = []

    @remembered
    def first_days(law: Law, jurisdiction: str, product: str) -> list[date]:
        asked.append(product)
        return sorted(law.register.products[jurisdiction, product].cycles)

    assert first_days(law, "cn-sx", "P1") == first_days(law, "cn-sx", "P1")
    assert asked == ["P1"]
    law.register.merge(
        an_event("product.selected", cycle_start="2023-01-01", cycle_end="2024-01-01")
    )
    assert len(first_days(law, "cn-sx", "P1")) == 2


def test_silence_is_heard_at_the_deadline_or_once_what_started_it_has_settled() -> None:
    law = Law(POLICIES, Register(), settle=timedelta(seconds=10))
    due = instant("2022-03-02 09:00:00")
    assert law.heard_by(due, instant("2022-03-01 09:00:00")) == due
    assert law.heard_by(due, instant("2022-03-02 08:59:55")) == instant("2022-03-02 09:00:05")


def test_a_policy_is_in_force_until_the_day_that_is_out() -> None:
    law = a_law()
    assert law.days_in_force(TJ) == (
        instant("2019-03-01 00:00:00"),
        instant("2020-03-01 00:00:00"),
    )
    assert law.days_in_force(SX) == (instant("2021-12-17 00:00:00"), calendar.LATEST)
