from datetime import date
from typing import Any

import msgspec
import pytest

from services.compliance.findings.finding import Missing
from services.compliance.law.agreements import Agreed, agreed_under, policy_of
from services.compliance.law.law import Law
from services.compliance.policies.policy import Policies
from services.compliance.register.register import Register
from shared.domain.cloudevents import Event
from tests.support.builders import POLICIES, law_of
from tests.support.events import an_event

(SX,) = POLICIES.of("cn-sx")
CYCLE = an_event("product.selected", cycle_start="2021-03-01", cycle_end="2022-03-01")
NEXT = an_event(
    "product.selected", cycle_start="2022-09-01", cycle_end="2023-09-01", manufacturer="M2"
)


def agreed(start: str, end: str, *told: Event) -> Agreed | Missing | None:
    """An agreement of these days, as it is judged under Shanxi's policy."""
    law = law_of(*told, an_event("agreement.signed", start=start, end=end))
    agreement = law.register.agreements["cn-sx", "A1"]
    return agreed_under(law, "cn-sx", agreement, SX)


def cycle_of(start: str, end: str, *told: Event) -> date | None:
    """The first day of an agreement's cycle."""
    found = agreed(start, end, *told)
    assert not isinstance(found, Missing)
    return None if found is None else found.cycle.start


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        ("2021-03-01", "2022-03-01", "2021-03-01"),
        ("2022-02-28", "2023-02-28", "2021-03-01"),
        # In the bridge, which lasts until 1 July: for what comes next, if that comes in time.
        ("2022-03-01", "2022-09-02", "2022-09-01"),
        ("2022-03-01", "2022-09-01", "2021-03-01"),
        ("2022-06-30", "2022-07-30", "2021-03-01"),
        ("2022-07-01", "2022-09-01", None),
        ("2022-07-01", "2022-09-02", "2022-09-01"),
        ("2021-02-28", "2021-03-01", None),
        ("2021-02-28", "2021-03-02", "2021-03-01"),
        ("2023-09-01", "2024-09-01", None),
    ],
)
def test_an_agreement_belongs_to_the_cycle_that_it_was_signed_for(
    start: str, end: str, expected: str | None
) -> None:
    found = cycle_of(start, end, CYCLE, NEXT)
    assert found == (expected and date.fromisoformat(expected))


def test_a_deselection_ends_the_cycles_that_began_before_it() -> None:
    gone = an_event("product.deselected", on="2021-06-01")
    assert cycle_of("2021-05-31", "2022-05-31", CYCLE, gone) == date(2021, 3, 1)
    assert cycle_of("2021-06-01", "2022-06-01", CYCLE, gone) is None
    for told, day in ((CYCLE, date(2021, 6, 1)), (NEXT, date.max)):
        found = agreed("2021-05-31", "2022-09-02", told, gone)
        assert isinstance(found, Agreed)
        assert found.withdrawn == day


def test_an_agreement_on_what_nobody_told_is_unjudged() -> None:
    assert agreed("2022-01-01", "2023-01-01") == Missing("product")
    assert agreed("2022-01-01", "2023-01-01", an_event("product.listed")) is None


def policy_on_days(start: str, end: str, **changed: Any) -> tuple[str, date] | None:
    """The policy of an agreement of these days, and the first of them on which it holds."""
    first = msgspec.structs.replace(SX, id="first", until=date(2023, 1, 1))
    second = msgspec.structs.replace(SX, id="second", in_force=date(2023, 6, 1), **changed)
    law = Law(Policies([second, first]), Register())
    law.register.merge(an_event("agreement.signed", start=start, end=end))
    agreement = law.register.agreements["cn-sx", "A1"]
    found = policy_of(law, "cn-sx", agreement)
    if found is None:
        return None
    law.register.merge(CYCLE)
    judged = agreed_under(law, "cn-sx", agreement, found)
    assert isinstance(judged, Agreed | None)
    return found.id, max(agreement.start, found.in_force)


def test_the_policy_of_an_agreement_is_that_of_its_first_day_that_has_one() -> None:
    assert policy_on_days("2021-01-01", "2021-12-17") is None
    assert policy_on_days("2021-01-01", "2021-12-18") == ("first", date(2021, 12, 17))
    assert policy_on_days("2022-12-31", "2023-12-31") == ("first", date(2022, 12, 31))
    assert policy_on_days("2023-01-01", "2023-06-01") is None
    assert policy_on_days("2023-01-01", "2023-06-02") == ("second", date(2023, 6, 1))


def test_an_agreement_knows_whether_the_notice_had_been_given_when_it_began() -> None:
    for start, before in (("2021-12-16", True), ("2021-12-17", False)):
        found = agreed(start, "2022-12-01", CYCLE)
        assert isinstance(found, Agreed)
        assert found.before_notice == before
        assert found.first == date(2021, 12, 17)
