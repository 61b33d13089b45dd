"""Identities: of violations, and of subjects that are pairs."""

import json
from uuid import UUID, uuid5

NAMESPACE = UUID("6f1f3c1e-3d8a-5b0e-9a55-2b7c1d0f4e86")
"""Fixed for ever: changing it would give every violation ever told another identity."""


_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def violation_id(jurisdiction: str, rule: str, subject: str, anchor: str) -> UUID:
    """Name a violation by what it is about, so that finding it again finds the same one."""
    return uuid5(NAMESPACE, _json([jurisdiction, rule, subject, anchor]))


def pair(first: str, second: str) -> str:
    """Join two codes into one key, `first/second`; a slash inside a code is escaped."""
    joined = f"{first}/{second}"
    if "%" not in joined and joined.count("/") == 1:
        # So are almost all.
        return joined
    return f"{_escape(first)}/{_escape(second)}"


def parts(key: str) -> tuple[str, str]:
    """Give the two codes that were joined into a key."""
    first, _, second = key.partition("/")
    if "%" not in key:
        return first, second
    return _unescape(first), _unescape(second)


def _escape(code: str) -> str:
    return code.replace("%", "%25").replace("/", "%2F")


def _unescape(code: str) -> str:
    return code.replace("%2F", "/").replace("%25", "%")
