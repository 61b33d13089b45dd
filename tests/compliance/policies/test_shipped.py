import pytest

from services.compliance.policies.policy import (
    Basis,
    Severity,
    load,
)
from services.compliance.records.evidence import Term

SX, TJ, SCMS = "cn-sx-2021-22", "cn-tj-2019-draft", "scms"
SHIPPED = load()
BY_ID = {policy.id: policy for policy in SHIPPED.all}
HOURS = {"delivery_hours": 48, "urgent_delivery_hours": 8, "remote_delivery_hours": 72}
SHORTAGE = {
    "excused_reasons": ["hospital_error"],
    "stock_out_after_days": 7,
    "report_grace_hours": 24,
    "episode_gap_days": 7,
}
SETTLED = {
    "rounding_tolerance": 1,
    "payments_told_since": "2021-12-17",
    "prepayments_told_since": "2021-12-17",
}
PREPAID = {
    "hospital_onward_workdays": 5,
    "distributor_onward_workdays": 3,
    "first_share": 0.5,
    "second_prepayment_months": 6,
    "return_months": 3,
    "return_after": "agreement",
    "return_years": ["every"],
}
PASSED_ON = {
    "rounding_tolerance": 1,
    "payments_told_since": "2019-03-01",
    "onward_told_since": "2019-03-01",
    "prepayments_told_since": "2019-03-01",
    "onward_share": 0.9,
    "first_prepayment_days": 30,
}

RENEWED = {"by_execution_start": False, "yearly_too": False}


@pytest.mark.parametrize(
    ("policy_id", "expected"),
    [
        (
            SX,
            {
                "distributor-cap": ("七",),
                "coverage-gap": ("七",),
                "late-response": ("七",),
                "late-delivery": ("七",),
                "beyond-volume-supply": ("四¶1",),
                "supply-refusal": ("七", "四¶3"),
                "selected-price": ("四¶1", "四¶3", "六"),
                "unreported-shortage": ("七",),
                "listing-price": ("六",),
                "payment-standard": ("八（二）",),
                "unappointed-distributor": ("七",),
                "agreement-terms": ("四¶1", "六"),
                "off-platform": ("五",),
                "prepayment-share": ("八（一）¶1",),
                "prepayment-return": ("八（一）¶1",),
                "late-settlement": ("八（一）¶2",),
                "short-delivery": ("七",),
                "remote-service": ("七",),
                "quality-rejection": ("七",),
                "volume-shortfall": ("七",),
                "agreement-missing": ("四¶1", "六"),
                "renewal-date": ("四¶3",),
                "non-selected-first": ("七",),
            },
        ),
        (
            TJ,
            {
                "late-delivery": ("三（三）",),
                "supply-refusal": ("三（三）",),
                "selected-price": ("三（一）",),
                "unreported-shortage": ("三（三）", "四（二）"),
                "payment-standard": ("三（五）",),
                "unappointed-distributor": ("三（一）",),
                "agreement-terms": ("三（一）",),
                "off-platform": ("四（二）",),
                "quality-rejection": ("三（三）",),
                "stock-report-missing": ("三（三）",),
                "reserve-below": ("三（三）",),
                "stop-notice-late": ("三（三）",),
                "volume-shortfall": ("三（一）", "三（四）"),
                "volume-pace": ("三（四）", "四（二）"),
                "agreement-missing": ("三（一）", "四（一）"),
                "late-onward-payment": ("三（一）",),
                "prepayment-share": ("三（二）",),
                "prepayment-return": ("三（二）",),
                "prepayment-use": ("三（二）",),
                "non-selected-excess": ("三（四）",),
            },
        ),
        (SCMS, {"late-delivery": ("Scheduled Delivery Date",)}),
    ],
)
def test_a_policy_carries_the_rules_that_its_text_supports(
    policy_id: str, expected: dict[str, tuple[str, ...]]
) -> None:
    carried = BY_ID[policy_id].rules
    found = {rule: it.clauses for rule, it in carried.items()}
    assert found == expected, "what a policy carries is agreed here: add the rule and its clauses"


@pytest.mark.parametrize(
    ("policy_id", "basis", "expected"),
    [
        (
            SX,
            "clause",
            {
                "drug_distributor_cap": 5,
                "consumable_distributor_cap": 10,
                "coverage_grace_days": 0,
                "standard_checks": ["base", "not-passed", "class"],
                "settlement_months": 1,
                "prepayment_share_drug": 0.5,
                "prepayment_share_consumable": 0.3,
                "return_months": 2,
                "return_after": "cycle",
                "return_years": ["2022"],
            },
        ),
        (
            SX,
            "reading",
            {"count_self_delivery": False, "signing_days": 30, "last_day_rolls": True} | RENEWED,
        ),
        (
            SX,
            "assumption",
            {"response_hours": 24, "urgent_response_hours": 2, "no_volume_months": 3}
            | HOURS
            | SHORTAGE
            | SETTLED
            | {"settle_days": 3, "orders_told_since": "2021-12-17"}
            | {"pace_ratio": 0.8, "settling_months": 2}
            | {
                "delivery_rate": 0.9,
                "rate_min_orders": 20,
                "remote_gap": 0.1,
                "remote_min_orders": 30,
                "quality_ratio": 0,
                "quality_reasons": ["quality", "质量"],
            },
        ),
        (
            TJ,
            "clause",
            {"standard_checks": ["base", "same-name"], "sign_by": "2019-02-28"} | PREPAID,
        ),
        (TJ, "reading", {"signing_days": 30, "last_day_rolls": True}),
        (
            TJ,
            "assumption",
            HOURS
            | SHORTAGE
            | PASSED_ON
            | {"settle_days": 3, "orders_told_since": "2019-03-01"}
            | {"pace_ratio": 0.8, "settling_months": 2, "no_volume_months": 3}
            | {
                "quality_ratio": 0,
                "quality_reasons": ["quality", "质量"],
                "stock_report_day": 10,
                "stock_told_since": "2019-03-01",
                "reserve_days": 30,
                "reserve_window_days": 90,
                "reserve_min_days": 30,
                "stop_notice_months": 6,
            },
        ),
    ],
)
def test_values_are_those_agreed_with_the_basis_they_have(
    policy_id: str, basis: Basis, expected: dict[str, object]
) -> None:
    values = BY_ID[policy_id].values
    found = {name: it.value for name, it in values.items() if it.basis == basis}
    assert found == expected, "what a policy's values are is agreed here: add the value"


def test_only_the_contracts_of_scms_have_no_value_of_a_clause() -> None:
    for issued in (SX, TJ):
        bases = {it.basis for it in BY_ID[issued].values.values()}
        assert bases == {"clause", "reading", "assumption"}
    assert not BY_ID[SCMS].values


def test_scope_duty_and_bridge_are_those_of_each_text() -> None:
    found = {it.id: (it.scope, it.duty, it.bridge, it.alignment_days) for it in SHIPPED.all}
    assert found == {
        SX: ("selected", "cycle", "in_execution_at_notice", ("01-01", "07-01")),
        TJ: ("selected", "agreement", "none", ()),
        SCMS: ("all", "cycle", "none", ()),
    }


def test_tianjins_plan_says_that_it_is_a_draft_for_comment() -> None:
    assert [policy.id for policy in SHIPPED.all if policy.draft] == [TJ]
    for words in (BY_ID[TJ].note, BY_ID[TJ].title_zh, BY_ID[TJ].source):
        assert "征求意见稿" in words
    assert "draft for comment" in BY_ID[TJ].note.lower()


@pytest.mark.parametrize(
    ("policy_id", "rule", "limit", "expected"),
    [
        (SX, "distributor-cap", "drug_distributor_cap", "explain"),
        (SX, "coverage-gap", "coverage_grace_days", "breach"),
        (SX, "late-response", "response_hours", "warning"),
        (SX, "late-response", None, "breach"),
        (SX, "late-delivery", "remote_delivery_hours", "warning"),
        (SX, "late-delivery", None, "breach"),
        (SX, "beyond-volume-supply", None, "breach"),
        (SX, "beyond-volume-supply", "stock_out_after_days", "warning"),
        (SX, "supply-refusal", None, "breach"),
        (SX, "selected-price", None, "breach"),
        (SX, "unreported-shortage", "report_grace_hours", "warning"),
        (TJ, "late-delivery", "delivery_hours", "warning"),
        (TJ, "late-delivery", None, "explain"),
        (TJ, "supply-refusal", None, "explain"),
        (TJ, "selected-price", None, "explain"),
        (TJ, "unreported-shortage", "report_grace_hours", "warning"),
        (SCMS, "late-delivery", None, "breach"),
    ],
)
def test_shipped_rules_weigh_as_their_texts_say(
    policy_id: str, rule: str, limit: str | None, expected: Severity
) -> None:
    policy = BY_ID[policy_id]
    terms = [Term("limit", 1, "agreement", "anywhere") if limit is None else policy.term(limit)]
    assert policy.severity(rule, terms) == expected
