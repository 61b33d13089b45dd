"""Violations: a finding with an identity, a life and a history."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import msgspec
from msgspec import Struct

from services.compliance.findings.accused import NOBODY, Accused
from services.compliance.findings.finding import Finding, Words, as_told
from services.compliance.findings.rule import Rule
from services.compliance.findings.words import shanghai
from services.compliance.records.evidence import Evidence, Term, evidence_of
from services.compliance.register.exemption import Exemption
from shared.domain import ids, topics
from shared.domain.calendar import instant_text

Status = Literal["open", "closed", "withdrawn"]
ChangeKind = Literal["opened", "changed", "closed", "withdrawn"]


class Violation(Struct, frozen=True, kw_only=True):
    """A violation as it is told; instants are text, UTC with microseconds and Z."""

    id: UUID
    rule: str
    status: Status
    exempt: bool
    severity: str
    jurisdiction: str
    product: str | None
    area: str | None
    hospital: str | None
    manufacturer: str | None
    distributor: str | None
    order: str | None
    subject: str
    anchor: str
    occurred_at: str
    cured_at: str | None
    observed: Any
    limit: Any
    breach: str | None
    policy: str
    policy_version: str
    draft: bool
    clause: list[str]
    quote: str
    basis: list[dict[str, Any]]
    details: dict[str, Any]
    message_zh: str
    message_en: str
    evidence: list[dict[str, Any]]


class ServedViolation(Violation, frozen=True, kw_only=True):
    """A violation as it stands; a withdrawn one is as it was last told, with its new status.

    `occurred_at` and `cured_at` are when it was, `detected_at` and `recorded_at` when we knew.
    `review` is what people hold of it; a decision is `stale` once what it rests on has moved.
    `seq` is the number of its last line, and `"seq"` its ETag; `seen_seq` that of the last line
    that they had seen who reviewed it last, `reviewed_at` when its review last moved.
    """

    detected_at: str
    recorded_at: str
    supersedes: list[str]
    review: str
    stale: bool
    seq: int
    seen_seq: int | None
    reviewed_at: str | None
    acknowledged_at: str | None
    assignee: str | None


_INSTANTS = ("occurred_at", "cured_at", "detected_at", "recorded_at")


def as_text(at: Any) -> Any:
    """Write an instant of a row; one that a line of history told is a text already."""
    return instant_text(at) if isinstance(at, datetime) else at


def served(row: Mapping[str, Any]) -> ServedViolation:
    """Make of a row of the table `violation` what the API answers and the relay tells.

    The current columns lie over the violation as it was last told. A row that was tampered with is
    shown as it is, whatever it holds: its chain says that it does not hold.
    """
    told = msgspec.json.decode(row["body"])
    shown: dict[str, Any] = {
        **dict.fromkeys(Violation.__struct_fields__),
        **(told if isinstance(told, dict) else {}),
        "id": row["id"],
        "status": row["status"],
        "exempt": row["exempt"],
        **{name: as_text(row[name]) for name in _INSTANTS},
        "supersedes": [str(name) for name in row["supersedes"]],
        "review": row["review"],
        "stale": row["stale"],
        "seq": row["seq"],
        "seen_seq": row["seen_seq"],
        "reviewed_at": as_text(row["reviewed_at"]),
        "acknowledged_at": as_text(row["acknowledged_at"]),
        "assignee": row["assignee"],
    }
    return ServedViolation(**{name: shown[name] for name in ServedViolation.__struct_fields__})


class Change(Struct, frozen=True):
    """One line of a violation's history.

    `violation` is None for a withdrawal: nothing is found any more; `causes` are the facts that
    were told since the record was last judged. `supersedes` are the violations that it replaces,
    `withdrawn_by` is the void (冲销) without which what is withdrawn would still be found;
    `accused` is who is accused of what was found.
    """

    kind: ChangeKind
    id: UUID
    at: datetime
    violation: Violation | None
    causes: tuple[Evidence, ...]
    supersedes: tuple[UUID, ...] = ()
    withdrawn_by: Evidence | None = None
    accused: Accused = NOBODY

    @property
    def details(self) -> dict[str, Any]:
        """What a withdrawal adds to the details of what was last told."""
        if self.withdrawn_by is None:
            return {}
        void = self.withdrawn_by.telling
        return {"withdrawn_by": {"source": void.source, "id": void.id}}


def violation_of(
    jurisdiction: str, rule: Rule, finding: Finding, exemption: Exemption | None = None
) -> Violation:
    """Give a finding its identity and explain it, and the exemption that it falls under."""
    about, policy = finding.about, finding.policy
    carried = policy.rules[rule.name]
    message_zh, message_en = rule.words(finding)
    notes_zh, notes_en = _notes(finding, exemption)
    return Violation(
        id=ids.violation_id(jurisdiction, rule.name, finding.subject, finding.anchor),
        rule=rule.name,
        status="open" if finding.cured_at is None else "closed",
        exempt=exemption is not None,
        severity=finding.severity(rule.name),
        jurisdiction=jurisdiction,
        product=about.product,
        area=about.area,
        hospital=about.hospital,
        manufacturer=about.manufacturer,
        distributor=about.distributor,
        order=about.order,
        subject=finding.subject,
        anchor=finding.anchor,
        occurred_at=instant_text(finding.occurred_at),
        cured_at=None if finding.cured_at is None else instant_text(finding.cured_at),
        observed=as_told(finding.observed),
        limit=as_told(finding.limit),
        breach=finding.breach,
        policy=policy.id,
        policy_version=policy.digest,
        draft=policy.draft,
        clause=list(carried.clauses),
        quote=carried.quote,
        basis=[_term(term) for term in finding.terms],
        details=finding.details,
        message_zh=message_zh + notes_zh,
        message_en=message_en + notes_en,
        evidence=[evidence_json(item) for item in (*finding.evidence, *evidence_of(exemption))],
    )


def _notes(finding: Finding, exemption: Exemption | None) -> Words:
    """Say what an officer must know beside the finding: its end, a draft, an exemption."""
    zh, en = "", ""
    if finding.cured_at == finding.occurred_at:
        zh, en = (
            "（一次性行为，状态为已结束，不表示已整改）",
            " (an act: over once done, not mended)",
        )
    elif finding.cured_at is not None:
        zh, en = (
            f"（已于 {shanghai(finding.cured_at)} 结束）",
            f" (over at {shanghai(finding.cured_at)})",
        )
    if finding.policy.draft:
        zh, en = f"{zh}（征求意见稿，仅供说明）", f"{en} (a draft for comment)"
    if exemption is not None:
        name, start, end = exemption.exemption, exemption.start, exemption.end
        zh += f"（已豁免：{name}，{start} 起至 {end} 前）"
        en += f" (exempt under {name}, from {start} to before {end})"
    return zh, en


def _term(term: Term) -> dict[str, Any]:
    return {"name": term.name, "value": term.value, "basis": term.basis, "source": term.source}


def evidence_json(item: Evidence) -> dict[str, Any]:
    """Show a fact as evidence: its event, when it was and was told, where it stands on the bus."""
    telling = item.telling
    return {
        "id": telling.id,
        "source": telling.source,
        "type": item.type,
        "time": instant_text(telling.time),
        "claimed": instant_text(telling.claimed),
        "told": instant_text(telling.told),
        "topic": topics.TOPIC_OF[item.type],
        "partition": telling.partition,
        "offset": telling.offset,
        "digest": telling.digest.hex(),
    }


def encode(violation: Violation) -> bytes:
    """Write a violation as JSON."""
    return msgspec.json.encode(violation)
