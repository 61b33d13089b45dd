"""Requests that do something, made by hand: a schema alone rarely makes one that is taken."""

import gzip
from base64 import b64encode
from collections.abc import Iterator
from typing import Any, NamedTuple

import msgspec

from shared.domain import examples, topics
from tests.support.kept import a_violation

HOSPITAL = "H1"
SOURCE = f"/hospitals/{HOSPITAL}"
"""As whom the publisher and the party of the walk act."""

SEEN = a_violation(1)
"""A violation that is there."""

KNOWN = {"violation": str(SEEN.id), "month": "2022-01", "rule": SEEN.rule, "role": "hospital"}
"""What names something that is there, by the parameter of a path."""


class Deed(NamedTuple):
    """A request of a service to a route of it."""

    service: str
    method: str
    path: str
    request: dict[str, Any]


def deeds() -> Iterator[Deed]:
    """Give them all."""
    for door in ("orders", "delivery"):
        yield from (Deed(door, "POST", "/v1/events", told) for told in _told(door))
    for path, body in _BODIES:
        named = path.format(**KNOWN)
        yield Deed("compliance", "POST", path, {"url": named, "json": body, "method": "POST"})


def _told(door: str) -> Iterator[dict[str, Any]]:
    """Give events in each form that a door takes, and in forms that it does not."""
    kinds = sorted(topics.ORDERS.events if door == "orders" else topics.DELIVERIES.events)
    events = [examples.example(kind) | {"source": SOURCE} for kind in kinds]
    one, lines = _json(events[0]), b"".join(_json(event) + b"\n" for event in events)
    structured = "application/cloudevents+json"
    forms: tuple[tuple[str, bytes, dict[str, str]], ...] = (
        (structured, one, {}),
        (structured, gzip.compress(one), {"content-encoding": "gzip"}),
        ("application/cloudevents-batch+json", _json(events), {}),
        ("application/x-ndjson", lines, {}),
        ("application/json", one, {}),
        ("application/json", _json(events), {}),
        (structured, _json(events[0] | {"source": "/hospitals/H2"}), {}),
        (structured, b"[" * 2_000, {}),
        ("application/cloudevents-batch+json", b"[{}," + one + b", 5]", {}),
        ("application/json", _json(events[0]["data"]), _attributes(events[0])),
        ("text/plain", one, {}),
    )
    for kind, body, headers in forms:
        told = headers | {"content-type": kind}
        yield {"method": "POST", "url": "/v1/events", "content": body, "headers": told}


def _attributes(event: dict[str, Any]) -> dict[str, str]:
    """Give the attributes of an event as headers: binary mode, which HTTP doors refuse."""
    return {f"ce-{name}": str(value) for name, value in event.items() if name != "data"}


def _json(value: object) -> bytes:
    return msgspec.json.encode(value)


_FILE = {"name": "receipt.pdf", "data": b64encode(b"%PDF-1.7 signed").decode()}
_DISPUTE = {"ground": "data", "text": "arrived in time", "attachments": [_FILE]}
_BODIES: tuple[tuple[str, dict[str, Any]], ...] = (
    ("/v1/disputes", _DISPUTE | {"violations": [{"id": KNOWN["violation"], "seq": 1}]}),
    ("/v1/disputes", _DISPUTE | {"violations": [{"id": KNOWN["violation"], "seq": 9}]}),
    ("/v1/disputes", _DISPUTE | {"violations": []}),
    ("/v1/bulletins/{month}/issue", {"jurisdiction": "cn-sx"}),
    ("/v1/webhooks", {"url": "https://[2001:4860:4860::8888]/told", "filter": {"area": "1401"}}),
    ("/v1/webhooks", {"url": "http://169.254.169.254/latest", "filter": {}}),
    ("/v1/violations/{violation}/comments", {"text": "seen"}),
)
