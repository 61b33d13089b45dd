"""The histories of all events, and what the oracle says of them whatever way they are told."""

import json
from copy import deepcopy
from random import Random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from shared.domain import topics
from shared.domain.cloudevents import read_structured
from tests.support.histories import (
    Event,
    whole_histories,
    whole_history,
    whole_moment,
    whole_policies,
)
from tests.support.histories.voids import VOIDED_BY
from tests.support.oracle import THIRTY, judge, unjudged

MANY = 400
CHANCES = st.integers(min_value=0, max_value=2**48 - 1).map(Random)
KINDS = {
    "unappointed-distributor": {"placed", "shipped"},
    "agreement-missing": {"gap", "overlap", "signature", "signed-late"},
    "agreement-terms": {"duration", "price"},
    "renewal-date": {"cycle", "agreement"},
    "volume-shortfall": {"shortfall"},
    "volume-pace": {"month"},
    "non-selected-excess": {"year", "year and month"},
    "non-selected-first": {"month"},
    "off-platform": {"channel", "no-order"},
    "listing-price": {"day"},
    "payment-standard": {"base", "not-passed", "class", "same-name"},
    "prepayment-share": {"drug", "consumable", "first", "second"},
    "prepayment-return": {"return"},
    "prepayment-use": {"use"},
    "late-settlement": {"settlement"},
    "late-onward-payment": {"onward by a hospital", "onward by a distributor"},
    "short-delivery": {"month"},
    "remote-service": {"month"},
    "stock-report-missing": {"day"},
    "reserve-below": {"day"},
    "stop-notice-late": {"notice"},
    "quality-rejection": {"month"},
    "distributor-cap": {"day"},
    "coverage-gap": {"day"},
    "late-response": {"response"},
    "late-delivery": {"delivery"},
    "beyond-volume-supply": {"refused", "overpriced", "undelivered"},
    "supply-refusal": {"refused"},
    "selected-price": {"overpriced"},
    "unreported-shortage": {"day"},
}
OF_MONTHS = {"volume-pace", "non-selected-first", "short-delivery", "remote-service"}
OF_MONTHS |= {"quality-rejection"}
LACKING = {
    ("off-platform", "feed.orders"),
    ("late-settlement", "feed.payments"),
    ("prepayment-share", "feed.prepayments"),
    ("stock-report-missing", "feed.stock"),
    ("late-onward-payment", "feed.onward"),
    ("agreement-terms", "product"),
    ("listing-price", "product"),
    ("payment-standard", "product"),
    ("unappointed-distributor", "appointments"),
    ("non-selected-excess", "product.equivalent"),
    ("non-selected-first", "product.equivalent"),
    ("payment-standard", "product.equivalent"),
    ("non-selected-excess", "hospital"),
    ("prepayment-return", "agreement"),
    ("prepayment-return", "prepayment.agreement"),
    ("prepayment-use", "agreement.distributor"),
    ("late-settlement", "payment.hospital"),
    ("late-onward-payment", "payment.product"),
    ("remote-service", "hospital.remote"),
    ("short-delivery", "agreement"),
}


def kind_of(found: dict[str, Any]) -> str:
    anchor: str = found["anchor"]
    if found["rule"] in OF_MONTHS:
        return "month"
    if found["rule"] == "non-selected-excess":
        return "year and month" if ":" in anchor else "year"
    if anchor == "onward":
        return f"onward by a {'hospital' if found['hospital'] else 'distributor'}"
    return "day" if anchor[:2] == "20" else anchor.split(":", maxsplit=1)[0]


def test_the_histories_hold_every_kind_of_finding_and_of_what_cannot_be_judged() -> None:
    found: dict[str, set[str]] = {}
    ended: set[tuple[str, str]] = set()
    lacking: set[tuple[str, str]] = set()
    for seed in range(MANY):
        chance = Random(seed)
        told, policies = whole_history(chance), whole_policies(chance)
        as_of = whole_moment(chance, told)
        for violation in judge(told, as_of, policies, THIRTY):
            found.setdefault(violation["rule"], set()).add(kind_of(violation))
            ended.add((violation["rule"], violation["status"]))
        lacking |= unjudged(told, as_of, policies)
    assert found == KINDS
    assert {rule for rule, status in ended if status == "closed"} == THIRTY
    assert lacking >= LACKING


@given(whole_histories())
@settings(max_examples=60)
def test_every_event_of_a_history_is_one_that_the_bus_takes(told: list[Event]) -> None:
    for event in told:
        assert read_structured(json.dumps(event).encode()).type in topics.DATA_OF


@given(CHANCES)
@settings(max_examples=60, deadline=None)
def test_neither_order_nor_repetition_changes_what_is_found(chance: Random) -> None:
    told, policies = whole_history(chance), whole_policies(chance)
    as_of = whole_moment(chance, told)
    found = judge(told, as_of, policies, THIRTY)
    lacking = unjudged(told, as_of, policies)

    again = told + deepcopy(chance.sample(told, len(told) // 3))
    chance.shuffle(again)

    assert judge(again, as_of, policies, THIRTY) == found
    assert unjudged(again, as_of, policies) == lacking


@given(CHANCES)
@settings(max_examples=60, deadline=None)
def test_no_two_findings_are_one_and_none_ends_before_it_begins(chance: Random) -> None:
    told, policies = whole_history(chance), whole_policies(chance)
    found = judge(told, whole_moment(chance, told), policies, THIRTY)

    named = ("jurisdiction", "rule", "subject", "anchor")
    assert len({tuple(violation[name] for name in named) for violation in found}) == len(found)
    for violation in found:
        assert violation["cured_at"] is None or violation["occurred_at"] <= violation["cured_at"]


@given(CHANCES)
@settings(max_examples=60, deadline=None)
def test_what_is_voided_counts_as_never_told(chance: Random) -> None:
    told, policies = whole_history(chance), whole_policies(chance)
    wrong = chance.choice([event for event in told if kind(event) in VOIDED_BY])
    void, shared = VOIDED_BY[kind(wrong)]
    said = {name: wrong["data"].get(name) for name in ("jurisdiction", shared)}
    back = {
        **wrong,
        "id": "void",
        "type": f"vbp.{void}.v1",
        "source": f"/platforms/{wrong['data']['jurisdiction']}",
        "data": {**said, "event": wrong["id"], "event_source": wrong["source"], "reason": "误"},
    }
    as_of = max(whole_moment(chance, told), read_structured(json.dumps(wrong).encode()).told)

    def is_voided(event: Event) -> bool:
        same = all(event["data"].get(name) == said[name] for name in said)
        is_it = (event["id"], event["source"]) == (wrong["id"], wrong["source"])
        return same and is_it and VOIDED_BY.get(kind(event)) == (void, shared)

    without = [event for event in told if not is_voided(event)]
    found = judge([*told, back], as_of, policies, THIRTY)
    assert found == judge(without, as_of, policies, THIRTY)


def kind(event: Event) -> str:
    name: str = event["type"]
    return name.removeprefix("vbp.").removesuffix(".v1")
