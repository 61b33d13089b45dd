from itertools import permutations
from typing import Any

from services.compliance.register.register import Register
from tests.support.events import an_event


def a_register(*events: Any) -> Register:
    register = Register()
    for event in events:
        register.merge(event)
    return register


def between(register: Register, hospital: str, product: str = "P1") -> set[str]:
    held = register.between("cn-sx", hospital, product)
    return {agreement.agreement for agreement in held}


def test_an_agreement_that_a_later_telling_moves_is_no_longer_of_the_first_hospital() -> None:
    told = [
        an_event("agreement.signed", "2021-12-01 00:00:00", hospital="H1"),
        an_event("agreement.signed", "2021-12-03 00:00:00", hospital="H2"),
        an_event("agreement.signed", "2021-12-02 00:00:00", hospital="H3", product="P2"),
    ]
    for events in permutations(told):
        register = a_register(*events)
        assert between(register, "H2") == {"A1"}
        assert between(register, "H1") == set()
        assert between(register, "H3", "P2") == set()


def test_provinces_never_meet() -> None:
    register = a_register(
        an_event("agreement.signed", hospital="H1"),
        an_event("agreement.signed", hospital="H2", jurisdiction="cn-tj"),
        an_event("product.selected"),
    )
    assert between(register, "H1") == {"A1"}
    assert between(register, "H2") == set()
    assert list(register.products) == [("cn-sx", "P1")]


def test_the_last_telling_of_an_exemption_holds() -> None:
    register = a_register(
        an_event("exemption.granted", "2022-02-02 00:00:00", rule="late-response", area="1401"),
        an_event("exemption.granted", "2022-02-01 00:00:00", rule="coverage-gap"),
    )
    assert register.exemptions["cn-sx", "X1"].rule == "late-response"


def test_what_is_no_register_event_is_left_alone() -> None:
    register = a_register(an_event("order.placed"))
    assert not register.products
    assert not register.agreements


def test_a_product_that_nobody_agreed_on_has_no_agreements() -> None:
    assert a_register().of_product("cn-sx", "P1") == {}
