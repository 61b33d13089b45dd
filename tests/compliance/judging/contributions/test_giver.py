import re
from pathlib import Path
from typing import get_args

import pytest

import services.compliance
from services.compliance.findings.finding import Watch
from services.compliance.findings.rule import Taken
from services.compliance.judging.contributions.giver import NOBODY, Giver, takers_among
from services.compliance.judging.contributions.volume import CANDIDATES
from services.compliance.judging.moment import Moment
from services.compliance.law.order_terms import OrderTerms
from services.compliance.policies.policy import NOTHING, Policy
from services.compliance.records.commitment import Breach
from services.compliance.records.failed import Failed
from services.compliance.rules import RULES
from shared.domain.cloudevents import Event
from shared.domain.records.order import Order
from tests.support.builders import POLICIES, law_of, tell
from tests.support.events import an_event, instant

HOUSE = Path(next(iter(services.compliance.__path__)))
BY_ID = {policy.id: policy for policy in POLICIES.all}
REGISTER = [an_event("product.selected"), an_event("hospital.enrolled")]
CODE = [
    path
    for path in sorted(HOUSE.rglob("*.py"))
    if path.relative_to(HOUSE).parts[0] not in {"rules", "policies"}
]


@pytest.mark.parametrize("path", CODE, ids=lambda path: str(path.relative_to(HOUSE)))
def test_no_rule_is_named_outside_its_file_and_the_policies(path: Path) -> None:
    written = set(re.findall(r'"([a-z]+(?:-[a-z]+)+)"', path.read_text("utf-8")))
    assert not written & {rule.name for rule in RULES}


def test_what_orders_can_be_asked_to_give_is_taken_by_a_rule() -> None:
    taken = {it for rule in RULES for it in rule.takes}
    known = {it for part in get_args(Taken) for it in get_args(part) or (part,)}
    assert taken == known


def test_every_thing_that_can_be_wrong_with_an_order_is_looked_for() -> None:
    assert set(CANDIDATES) == set(get_args(Breach))


def names(policy: Policy) -> dict[str, set[str]]:
    return {str(taken): set(rules) for taken, rules in takers_among(policy.rules).items()}


def test_who_takes_what_is_said_by_the_rules_that_the_policy_carries() -> None:
    assert names(BY_ID["cn-sx-2021-22"]) == {
        "refused": {"beyond-volume-supply", "supply-refusal"},
        "overpriced": {"beyond-volume-supply", "selected-price"},
        "undelivered": {"beyond-volume-supply"},
        "stock_out": {"unreported-shortage"},
        "failed": {"volume-shortfall", "non-selected-first"},
        "bought": {"agreement-missing"},
        "owed": {"late-settlement"},
        "settlement": {"late-settlement"},
        "delivered": {"short-delivery"},
        "punctual": {"remote-service"},
        "quality": {"quality-rejection"},
        "agreed": {"prepayment-share"},
        "consumed": {"non-selected-first"},
    }
    assert names(BY_ID["cn-tj-2019-draft"]) == {
        "refused": {"supply-refusal"},
        "overpriced": {"selected-price"},
        "stock_out": {"unreported-shortage"},
        "failed": {"volume-shortfall"},
        "bought": {"agreement-missing"},
        "quality": {"quality-rejection"},
        "accepted": {"reserve-below"},
        "owed": {"late-onward-payment", "prepayment-use"},
        "advance": {"late-onward-payment", "prepayment-use"},
        "passed_on": {"late-onward-payment"},
        "use": {"prepayment-use"},
        "agreed": {"prepayment-share"},
        "consumed": {"non-selected-excess"},
    }
    assert names(BY_ID["scms"]) == names(NOTHING) == {}


def failing(*told: Event, now: str, heard: str | None = None) -> Failed | Watch | None:
    """What is said of an order placed on 1 March at 9, due two days later."""
    order = Order()
    tell(order, an_event("order.placed", "2022-03-01 09:00:00"), *told)
    assert order.placed is not None
    terms = OrderTerms(law_of(*REGISTER), "cn-sx", "O1", order.placed)
    moment = Moment(instant(now), instant(heard or now))
    return Giver(order, terms, moment, NOBODY).failing()


def test_an_order_fails_once_its_due_is_past_and_all_until_then_was_heard() -> None:
    due = instant("2022-03-03 09:00:00")
    assert failing(now="2022-03-03 09:00:00") == Watch(due, silent=True)
    behind = failing(now="2022-03-09 09:00:00", heard="2022-03-03 08:59:59")
    assert behind == Watch(due, silent=True)
    failed = failing(now="2022-03-03 09:00:01", heard="2022-03-03 09:00:00")
    assert isinstance(failed, Failed)
    assert failed.at == due


def test_an_order_that_was_refused_fails_then_and_one_that_came_never() -> None:
    refused = failing(an_event("order.rejected", "2022-03-01 10:00:00"), now="2022-03-01 10:00:00")
    assert isinstance(refused, Failed)
    assert refused.at == instant("2022-03-01 10:00:00")
    came = an_event("delivery.received", "2022-03-03 09:00:00")
    assert failing(came, now="2022-03-03 09:00:00") is None


def test_a_refusal_after_the_due_is_not_when_the_order_failed() -> None:
    late = an_event("order.rejected", "2022-03-04 09:00:00")
    failed = failing(late, now="2022-03-05 09:00:00")
    assert isinstance(failed, Failed)
    assert failed.at == instant("2022-03-03 09:00:00")
