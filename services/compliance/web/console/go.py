"""Where an alert leads: to the list that it has counted."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse

from services.compliance.answers.deadlines import KINDS, Deadlines
from services.compliance.answers.queue import LATE_CASES
from services.compliance.web.admitted import SEEN
from shared.domain.calendar import instant_text

KNOWN: Final = frozenset(
    {
        "VbpBreachOpened",
        "VbpFindingOpened",
        "VbpOpenBreaches",
        "VbpOpenWarnings",
        "VbpReviewOverdue",
        "VbpDisputeUndecided",
        "VbpDecisionsStale",
        "VbpCaseOverdue",
        "VbpCorrectionDue",
        "VbpRecordsUnjudged",
    }
)
"""The alerts about what was found and what people do; all others are about the machinery."""

_OF_CASES: Final[Mapping[str, dict[str, str]]] = {
    "VbpCaseOverdue": {"overdue": "true"},
    "VbpCorrectionDue": {"corrections_due": "true"},
}
_STANDING: Final = (("status", "open"), ("status", "closed"), ("exempt", "false"))
_NO_AREA: Final = ("", "other")


def add_go(router: APIRouter, deadlines: Deadlines) -> None:
    """Add the route."""

    @router.get("/go/alert", dependencies=[SEEN])
    async def alert(request: Request) -> RedirectResponse:
        return RedirectResponse(page_of(request.query_params, deadlines, datetime.now(UTC)), 302)


def page_of(labels: Mapping[str, str], deadlines: Deadlines, now: datetime) -> str:
    """Give the page that shows what an alert has counted; `labels` has its `alertname` too."""
    name = labels.get("alertname", "")
    if name == "VbpRecordsUnjudged":
        return "/quality#unjudged"
    if name not in KNOWN:
        return "/quality"
    if name in _OF_CASES:
        known = {"jurisdiction": labels["jurisdiction"]} if labels.get("jurisdiction") else {}
        return f"/cases?{urlencode(known | _OF_CASES[name] | _stage_of(labels.get('kind', '')))}"
    named = [
        (label, labels[label])
        for label in ("jurisdiction", "rule", "severity", "area")
        if labels.get(label, "") not in _NO_AREA
    ]
    return f"/violations?{urlencode([*named, *_STANDING, *_filters(name, labels, deadlines, now)])}"


def _stage_of(kind: str) -> dict[str, str]:
    return {"stage": LATE_CASES[kind]} if kind in LATE_CASES else {}


def _filters(
    name: str, labels: Mapping[str, str], deadlines: Deadlines, now: datetime
) -> list[tuple[str, str]]:
    match name:
        case "VbpOpenBreaches" | "VbpOpenWarnings":
            return [("review", "new")]
        case "VbpReviewOverdue":
            return overdue(labels.get("kind", ""), deadlines, now)
        case "VbpDisputeUndecided":
            return overdue("disputed", deadlines, now)
        case "VbpDecisionsStale":
            return [("stale", "true")]
        case _:
            return []


def overdue(kind: str, deadlines: Deadlines, now: datetime) -> list[tuple[str, str]]:
    """Give the filters of what is overdue; all that waits, for a kind that is none of KINDS."""
    if kind not in KINDS:
        return [("review", "new")]
    before = instant_text(deadlines.overdue_before(kind, now))
    if kind in {"acknowledged", "disputed"}:
        return [("review", kind), ("reviewed_to", before)]
    severities = ["breach"] if kind == "breach" else ["explain", "warning"]
    return [
        ("review", "new"),
        *(("severity", severity) for severity in severities),
        ("detected_to", before),
    ]
