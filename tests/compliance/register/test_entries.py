from datetime import date
from itertools import permutations

import pytest

from services.compliance.register import changes
from services.compliance.register.changes import Changes
from services.compliance.register.entries import ENTRIES, entry_of
from services.compliance.register.register import Register
from shared.domain import topics
from shared.domain.cloudevents import Event
from tests.support.events import FILLED_IN, an_event

NEEDED = {
    "product.deselected": {"on": "2022-03-01"},
    "hospital.withdrawn": {"withdrawn_on": "2022-03-01"},
    "exemption.granted": {"rule": "late-response"},
    "price.listed": {"effective_on": "2022-03-01"},
    "standard.set": {"effective_on": "2022-03-01"},
}
UNREAD = {"party.registered"}
OF_THE_REGISTER = [
    kind
    for kind in FILLED_IN
    if topics.TOPIC_OF[f"vbp.{kind}.v1"] == topics.REGISTER.name and kind not in UNREAD
]


def merged(register: Register, *events: object) -> Changes:
    return changes.merge(register, events)  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", OF_THE_REGISTER)
def test_every_register_event_tells_of_an_entry(kind: str) -> None:
    entry = entry_of(an_event(kind, **NEEDED.get(kind, {})))
    assert entry is not None
    assert kind.startswith(entry.name)
    assert entry in ENTRIES


@pytest.mark.parametrize("kind", OF_THE_REGISTER)
def test_what_is_held_is_never_changed_in_place(kind: str) -> None:
    register = Register()
    early = an_event(kind, "2021-01-01 00:00:00", **NEEDED.get(kind, {}))
    first = register.merge(early)
    second = register.merge(an_event(kind, "2021-02-01 00:00:00", **NEEDED.get(kind, {})))
    assert first is not None
    assert second is not None
    again = Register().merge(early)
    assert again is not None
    assert first.after == again.after == second.before
    assert second.after != second.before


def test_an_agreement_touches_the_parties_that_it_had_and_those_that_it_has() -> None:
    register = Register()
    signed = merged(register, an_event("agreement.signed"))
    assert signed.touches == {("cn-sx", "P1", "H1")}
    assert signed.agreements == {("cn-sx", "A1")}
    moved = merged(register, an_event("agreement.signed", "2022-02-01 00:00:00", hospital="H2"))
    assert moved.touches == {("cn-sx", "P1", "H1"), ("cn-sx", "P1", "H2")}
    assert moved.agreements == {("cn-sx", "A1")}


def test_an_exemption_touches_the_hospitals_it_names_and_named_and_nobody_told_twice() -> None:
    register = Register()

    def granted(at: str, **told: str) -> Event:
        return an_event("exemption.granted", at, rule="late-settlement", product="P1", **told)

    first = granted("2022-01-01", hospital="H1")
    assert merged(register, first).touches == {("cn-sx", None, "H1")}
    assert merged(register, first).touches == set()
    ended = granted("2022-01-02", hospital="H1", end="2022-03-01")
    assert merged(register, ended).touches == {("cn-sx", None, "H1")}
    assert merged(register, granted("2021-12-31", hospital="H3")).touches == set()
    moved = granted("2022-01-03", hospital="H2")
    assert merged(register, moved).touches == {("cn-sx", None, "H1"), ("cn-sx", None, "H2")}
    widened = granted("2022-01-04")
    assert merged(register, widened).touches == {("cn-sx", None, "H2"), ("cn-sx", None, None)}
    narrowed = granted("2022-01-05", hospital="H2")
    assert merged(register, narrowed).touches == {("cn-sx", None, None), ("cn-sx", None, "H2")}


def test_a_product_touches_its_records_and_its_variety_and_a_hospital_all_of_its_own() -> None:
    told = merged(Register(), an_event("product.selected"), an_event("hospital.enrolled"))
    assert told.touches == {
        ("cn-sx", "P1", None),
        ("cn-sx", "variety/V1", None),
        ("cn-sx", None, "H1"),
    }
    assert told.jurisdictions == ["cn-sx"]


def test_a_product_touches_the_variety_that_a_cycle_was_told_in_and_the_one_it_is_told_in() -> None:
    register = Register()
    merged(register, an_event("product.selected"))
    later = an_event("product.selected", "2022-02-01 00:00:00", variety="V2")
    assert merged(register, later).touches == {
        ("cn-sx", "P1", None),
        ("cn-sx", "variety/V1", None),
        ("cn-sx", "variety/V2", None),
    }


def test_a_price_or_standard_moves_the_law_and_touches_no_order() -> None:
    for kind in ("price.listed", "standard.set"):
        told = merged(Register(), an_event(kind, **NEEDED[kind]))
        assert told.touches == set()
        assert told.jurisdictions == ["cn-sx"]


def test_an_appointment_touches_the_product_that_it_was_for_and_the_one_it_is_for() -> None:
    register = Register()
    released = an_event("distributor.released", end="2022-05-01")
    assert merged(register, released).touches == set()
    appointed = merged(register, an_event("distributor.appointed"))
    assert appointed.touches == {("cn-sx", "P1", None)}
    assert merged(register, released).touches == {("cn-sx", "P1", None)}
    moved = merged(register, an_event("distributor.appointed", product="P2"))
    assert moved.touches == {("cn-sx", "P1", None), ("cn-sx", "P2", None)}
    assert moved.jurisdictions == ["cn-sx"]
    assert register.appointed("cn-sx", "P1") == []
    assert [held.appointment for held in register.appointed("cn-sx", "P2")] == ["AP1"]


def test_what_a_copy_is_told_the_register_is_not_and_the_reverse() -> None:
    first, second, third = (
        an_event("agreement.signed", f"2022-0{month}-01 00:00:00", hospital=f"H{month}")
        for month in (1, 2, 3)
    )
    cycles = an_event("product.selected"), an_event("product.selected", cycle_start="2022-06-01")
    for told, copied, later in permutations([first, second, third]):
        register = Register()
        merged(register, told, cycles[0])
        copy = register.copy()
        merged(copy, copied, cycles[1])
        alone, both = Register(), Register()
        merged(alone, told, cycles[0])
        merged(both, told, copied, *cycles)
        assert held(register) == held(alone)
        assert held(copy) == held(both)
        merged(register, later)
        merged(alone, later)
        assert held(register) == held(alone)
        assert held(copy) == held(both)
    assert set(copy.products["cn-sx", "P1"].cycles) == {date(2022, 1, 1), date(2022, 6, 1)}


def held(register: Register) -> list[object]:
    """What a register holds, and by whom agreements are found."""
    agreed = register.of_product("cn-sx", "P1")
    by_hospital = {code: list(found) for code, found in agreed.items() if found}
    return [register.products, register.agreements, by_hospital]


def test_whatever_is_merged_moves_the_version() -> None:
    register = Register()
    versions = [register.version]
    for kind in OF_THE_REGISTER:
        register.merge(an_event(kind, **NEEDED.get(kind, {})))
        versions.append(register.version)
    assert len(set(versions)) == len(versions)
    register.merge(an_event("order.placed"))
    assert register.version == versions[-1]
