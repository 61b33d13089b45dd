"""What was planted, told as the violations that must be found; never computed by judging."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any, TypedDict

from services.sources.province.places import area_names
from services.sources.province.plan import Plan, midnight
from services.sources.province.terms import TERMS, Notice
from shared.domain import calendar
from shared.domain.ids import violation_id

Finding = dict[str, Any]
Evidence = list[dict[str, object]]
PARTIES = ("product", "area", "hospital", "manufacturer", "distributor")


def instant_text(instant: datetime) -> str:
    """Write an instant as findings do: in UTC, with microseconds and Z."""
    return calendar.instant_text(instant.astimezone(UTC))


class Keys(TypedDict, total=False):
    """The parties of a finding; what it does not have is null."""

    product: str
    area: str
    hospital: str | None
    manufacturer: str
    distributor: str | None
    order: str | None


@dataclass(frozen=True, slots=True)
class Seen:
    """What a planted breach looks like: when, how much, how grave, and what the limit rests on."""

    occurred: datetime
    cured: datetime | None
    observed: object
    limit: object
    severity: str
    basis: str | None = None
    breach: str | None = None


@dataclass(slots=True)
class Truth:
    """All that was planted so far, and the exemptions that were granted."""

    plan: Plan
    findings: list[Finding] = field(default_factory=list)
    exemptions: list[Mapping[str, Any]] = field(default_factory=list)

    def plant(  # noqa: PLR0913, PLR0917  # what identifies a violation comes one by one
        self,
        rule: str,
        subject: str,
        anchor: str,
        keys: Keys,
        seen: Seen,
        evidence: Evidence,
        under: Notice = TERMS.notice,
    ) -> Finding:
        """Write down one violation of a notice; `evidence` may still grow."""
        clause, basis = under.clauses[rule]
        finding: Finding = {
            "id": str(violation_id(under.jurisdiction, rule, subject, anchor)),
            "rule": rule,
            "status": "open" if seen.cured is None else "closed",
            "exempt": False,
            "severity": seen.severity,
            "jurisdiction": under.jurisdiction,
            **dict.fromkeys((*PARTIES, "order")),
            **keys,
            "subject": subject,
            "anchor": anchor,
            "occurred_at": instant_text(seen.occurred),
            "cured_at": None if seen.cured is None else instant_text(seen.cured),
            "observed": seen.observed,
            "limit": seen.limit,
            "policy": under.policy,
            "clause": clause,
            "basis": seen.basis or basis,
            "breach": seen.breach,
            **message(rule, subject, keys.get("area")),
            "evidence": evidence,
        }
        self.findings.append(finding)
        return finding

    def exempt(self, grant: Mapping[str, Any]) -> None:
        """Mark what an exemption covers: its rule, every party that it names, and its days."""
        self.exemptions.append(grant)
        first = instant_text(midnight(date.fromisoformat(grant["start"])))
        end = instant_text(midnight(date.fromisoformat(grant["end"])))
        for finding in self.findings:
            if (
                finding["rule"] == grant["rule"]
                and finding["jurisdiction"] == grant["jurisdiction"]
                and first <= finding["occurred_at"] < end
                and all(finding[party] == grant[party] for party in PARTIES if party in grant)
            ):
                finding["exempt"] = True

    def by_rule(self) -> Counter[str]:
        """Count the violations of each rule."""
        return Counter(finding["rule"] for finding in self.findings)


PLANTED = {
    "distributor-cap": ("配送企业超过上限", "more distributors were appointed than the cap allows"),
    "coverage-gap": ("医疗机构无配送企业覆盖", "the hospital was left without a distributor"),
    "late-response": ("订单未及时响应", "the order was not answered in time"),
    "late-delivery": ("订单未及时配送到位", "the order was not delivered in full and in time"),
    "beyond-volume-supply": (
        "超出协议量后未按中选价格供应",
        "beyond the agreed volume the order was not supplied at the selected price",
    ),
    "supply-refusal": ("中选企业拒绝供应", "the order was refused"),
    "selected-price": ("价格高于中选价格", "the price was above the selected price"),
    "unreported-shortage": ("断供未报告", "the product ran out and nobody reported it"),
    "listing-price": ("未按中选价格挂网", "another price was listed than the selected one"),
    "unappointed-distributor": (
        "由未受委托的企业配送",
        "a distributor supplied that the winner had not entrusted",
    ),
    "off-platform": ("未通过采购平台采购", "it was bought past the platform"),
    "payment-standard": ("医保支付标准与中选价格不协同", "the insurance paid another standard"),
    "late-settlement": ("货款未按期结清", "goods were not paid for in time"),
    "non-selected-first": ("未优先采购中选产品", "others were bought while the selected lagged"),
    "short-delivery": ("配送率不足", "too little of what was ordered came"),
    "remote-service": ("偏远地区配送不如其他地区", "remote hospitals were served worse"),
    "renewal-date": ("续约续签时间未统一调整", "a cycle was not renewed on the aligned day"),
    "agreement-missing": ("采购协议缺失", "an agreement, or a signature on it, was missing"),
    "agreement-terms": ("采购协议条款不符", "an agreement had other terms than it may"),
    "volume-shortfall": ("未完成约定采购量", "less was bought than was agreed"),
    "volume-pace": ("采购进度落后", "buying fell behind what was agreed"),
    "non-selected-excess": (
        "非中选品种用量超过中选品种",
        "more of others was used than of the selected",
    ),
    "prepayment-share": ("医保预付不足", "too little was prepaid"),
    "prepayment-return": ("预付款未按期返还", "a prepayment was not given back in time"),
    "prepayment-use": ("预付款未用于支付货款", "a prepayment was not spent on the goods"),
    "late-onward-payment": ("货款未按期拨付", "money was not passed on in time"),
    "stock-report-missing": ("库存未按期报告", "stock was not reported in time"),
    "reserve-below": ("应急储备不足", "the reserve was too small"),
    "stop-notice-late": ("停产报告过迟", "a stop was told too late"),
    "quality-rejection": ("因质量拒收", "goods were refused for their quality"),
}


def message(rule: str, subject: str, area: str | None) -> dict[str, str]:
    """Say in a sentence what was planted, and where: without an area, all over the province."""
    chinese, english = PLANTED[rule]
    place = "全省" if area is None else area_names().get(area, area)
    return {
        "message_zh": f"模拟：{place}，{chinese}（{subject}）",
        "message_en": f"Planted in {place}: {english} ({subject})",
    }
