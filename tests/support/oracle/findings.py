"""What one rule says of one subject before exemptions and drafts are looked at."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True)
class Finding:
    """One breach found; `cured_at` is None while it goes on, instants are aware."""

    rule: str
    subject: str
    anchor: str
    severity: str
    occurred_at: datetime
    cured_at: datetime | None
    observed: Any
    limit: Any
    breach: str | None = None
    parties: Mapping[str, str | None] = field(default_factory=dict)
    details: Mapping[str, Any] = field(default_factory=dict)


class UnjudgedError(Exception):
    """The register lacks a term that the rule needs, so that nothing can be said; names it."""
