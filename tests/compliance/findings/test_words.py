from typing import Any

import pytest

from services.compliance.findings.finding import About, Finding
from services.compliance.findings.words import (
    VALUES_ZH,
    basis_en,
    basis_zh,
    breach_words,
    instant_or,
    shanghai,
)
from services.compliance.records.evidence import Term
from tests.support.builders import POLICIES
from tests.support.events import instant

AT = instant("2022-03-01 09:30:00")


def a_finding(*terms: Term, **seen: Any) -> Finding:
    told = {"occurred_at": AT, "cured_at": AT, "observed": None, "limit": None, **seen}
    return Finding(
        subject="O1",
        anchor="a",
        about=About(order="O1"),
        policy=POLICIES.of("cn-sx")[0],
        terms=terms,
        **told,
    )


def test_times_are_shown_on_the_shanghai_clock() -> None:
    assert shanghai(AT) == "2022-03-01 09:30:00+08:00"


def test_what_was_not_observed_is_said_in_words() -> None:
    assert instant_or(None, "无", "none") == ("无", "none")
    assert instant_or(AT, "无", "none") == ("2022-03-01 09:30:00+08:00",) * 2


@pytest.mark.parametrize(
    ("basis", "zh", "en"),
    [
        ("clause", "条款规定", "set by the clause"),
        ("reading", "理解", "our reading"),
        ("assumption", "假设", "an assumption"),
        ("mission", "任务", "mission"),
        ("agreement", "合同", "contract"),
    ],
)
def test_every_term_says_where_it_comes_from(basis: str, zh: str, en: str) -> None:
    finding = a_finding(Term("response_hours", 24.0, basis, "cn-sx-2021-22"))
    assert basis_zh(finding).startswith("响应时限（小时）：24，")
    assert zh in basis_zh(finding)
    assert en in basis_en(finding)
    assert basis_en(finding).endswith("cn-sx-2021-22")


def test_a_deadline_is_shown_on_the_shanghai_clock_and_half_hours_as_they_are() -> None:
    finding = a_finding(
        Term("deliver_by", "2022-03-01T01:30:00.000000Z", "agreement", "order O1"),
        Term("response_hours", 0.5, "agreement", "agreement A1"),
    )
    deadline, hours = basis_en(finding).split("; ")
    assert deadline.startswith("deliver by = 2022-03-01 09:30:00+08:00, ")
    assert hours.startswith("response hours = 0.5, ")
    deadline, hours = basis_zh(finding).split("；")
    assert deadline == "约定送达时间：2022-03-01 09:30:00+08:00，合同约定，订单 O1"
    assert hours.endswith("合同约定，协议 A1")


def test_a_choice_is_said_in_words() -> None:
    finding = a_finding(Term("count_self_delivery", value=False, basis="reading", source="cn-sx"))
    assert basis_zh(finding).startswith("自行配送是否计入家数：否，")
    assert basis_en(finding).startswith("count self delivery = no, ")


@pytest.mark.parametrize(
    ("term", "zh", "en"),
    [
        (
            Term("return_after", "cycle", "clause", "cn-sx-2021-22"),
            "收回期限起算于：采购周期，条款规定，cn-sx-2021-22",
            "return after = cycle, set by the clause, cn-sx-2021-22",
        ),
        (
            Term("selected_price", "0.36", "clause", "product.selected of 2022-01-01"),
            "中选价格：0.36，条款规定，中选登记 2022-01-01",
            "selected price = 0.36, set by the clause, the selection of 2022-01-01",
        ),
        (
            Term("payment_standard", "1.2", "clause", "standard.set of P2, 2022-01-01"),
            "医保支付标准：1.2，条款规定，支付标准登记 P2, 2022-01-01",
            "payment standard = 1.2, set by the clause, the standard set of P2, 2022-01-01",
        ),
    ],
)
def test_no_code_is_left_in_what_a_limit_rests_on(term: Term, zh: str, en: str) -> None:
    assert basis_zh(a_finding(term)) == zh
    assert basis_en(a_finding(term)) == en


def test_every_value_of_a_policy_has_a_chinese_name() -> None:
    named = {name for policy in POLICIES.all for name in policy.values}
    assert not named - VALUES_ZH.keys(), "add them to VALUES_ZH in findings/words.py"


def test_a_refusal_gives_its_reason() -> None:
    finding = a_finding(observed="production_stopped", details={"breach": "refused"})
    for message, reason in zip(
        breach_words(finding), ("理由：停产。", "production stopped."), strict=True
    ):
        assert "O1" in message
        assert message.endswith(reason)


def test_an_overprice_gives_both_prices_and_what_was_overcharged() -> None:
    details = {"breach": "overpriced", "overcharged": "2.40"}
    for message in breach_words(a_finding(observed="0.40", limit="0.36", details=details)):
        assert all(number in message for number in ("0.40", "0.36", "2.40"))


def test_a_non_delivery_gives_what_was_ordered_and_the_deadline() -> None:
    finding = a_finding(
        Term("delivery_hours", 48, "assumption", "cn-sx-2021-22"),
        observed=0,
        limit=600,
        details={"breach": "undelivered"},
    )
    for message in breach_words(finding):
        assert all(word in message for word in ("O1", "600", "2022-03-01 09:30:00", "48"))
