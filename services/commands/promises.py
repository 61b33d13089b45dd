"""What the policies promise of answers and deliveries, for a service that knows no policies."""

from datetime import date, timedelta
from hashlib import sha256

from services.compliance.policies.policy import Policies, Policy
from services.delivery.lines import Promised, Promises

QUALITY = ("quality", "质量")
"""Words that say that goods were rejected for their quality, where a policy names none."""


def of(policies: Policies) -> tuple[Promised, str]:
    """Give what was promised on a day, and a text that differs where any promise does."""

    def promised(jurisdiction: str, day: date) -> Promises | None:
        policy = policies.on(jurisdiction, day)
        return None if policy is None else _promises(policy)

    digests = "".join(policies.digest(where) for where in sorted(policies.jurisdictions))
    return promised, sha256(digests.encode()).hexdigest()[:16]


def _promises(policy: Policy) -> Promises:
    return Promises(
        _number(policy, "response_hours"),
        _number(policy, "urgent_response_hours"),
        _number(policy, "delivery_hours"),
        _number(policy, "urgent_delivery_hours"),
        _number(policy, "remote_delivery_hours"),
        timedelta(days=_number(policy, "stock_out_after_days") or 0),
        frozenset(_texts(policy, "excused_reasons")),
        tuple(_texts(policy, "quality_reasons")) or QUALITY,
    )


def _number(policy: Policy, name: str) -> float | None:
    return policy.number(name) if name in policy.values else None


def _texts(policy: Policy, name: str) -> list[str]:
    value = policy.term(name).value if name in policy.values else None
    return [str(text) for text in value] if isinstance(value, list) else []
