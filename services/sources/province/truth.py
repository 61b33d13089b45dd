"""What was planted, told as the violations that must be found; never computed by judging."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any, TypedDict

from services.sources.province.places import area_names
from services.sources.province.plan import Plan, midnight
from services.sources.province.terms import TERMS
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
        self, rule: str, subject: str, anchor: str, keys: Keys, seen: Seen, evidence: Evidence
    ) -> Finding:
        """Write down one violation; `evidence` may still grow."""
        clause, basis = TERMS.clauses[rule]
        finding: Finding = {
            "id": str(violation_id(self.plan.jurisdiction, rule, subject, anchor)),
            "rule": rule,
            "status": "open" if seen.cured is None else "closed",
            "exempt": False,
            "severity": seen.severity,
            "jurisdiction": self.plan.jurisdiction,
            **dict.fromkeys((*PARTIES, "order")),
            **keys,
            "subject": subject,
            "anchor": anchor,
            "occurred_at": instant_text(seen.occurred),
            "cured_at": None if seen.cured is None else instant_text(seen.cured),
            "observed": seen.observed,
            "limit": seen.limit,
            "policy": TERMS.policy,
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
}


def message(rule: str, subject: str, area: str | None) -> dict[str, str]:
    """Say in a sentence what was planted, and where: without an area, all over the province."""
    chinese, english = PLANTED[rule]
    place = "全省" if area is None else area_names().get(area, area)
    return {
        "message_zh": f"模拟：{place}，{chinese}（{subject}）",
        "message_en": f"Planted in {place}: {english} ({subject})",
    }
