"""Requests that do something, made by hand: a schema alone rarely makes one that is taken."""

import gzip
from base64 import b64encode
from collections.abc import Iterator
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, NamedTuple

import msgspec

from services.compliance.people.case import PartyCase
from shared.domain import examples, topics
from shared.domain.calendar import day_of
from tests.support.kept import POLICIES
from tests.walk.askers import OF_EACH, PARTIES, SOURCES
from tests.walk.console import BROWSER, TOKEN
from tests.walk.services import HERE, VIOLATIONS

_TODAY = day_of(datetime.now(UTC)).isoformat()
_ACCUSED = len(PARTIES) - 1
_PROOF = b"%PDF-1.7 signed"
_SEEN, *_OTHERS = VIOLATIONS
_CASE = PartyCase("cn-sx", _SEEN.rule, "2022-01", *PARTIES[-1]).name

KNOWN = {
    "case": _CASE,
    "code": PARTIES[-1].code,
    "id": "e2",
    "month": "2022-01",
    "n": "1",
    "order": _SEEN.order or "",
    "policy": min(policy.id for policy in POLICIES.all),
    "role": PARTIES[-1].kind,
    "rule": _SEEN.rule,
    "sha256": sha256(_PROOF).hexdigest(),
    "source": SOURCES[0],
    "violation": str(_SEEN.id),
}
"""What names something that is there, by the parameter of a path."""


class Deed(NamedTuple):
    """A request of a service to a route of it, which one of each role sends.

    `who` says which of the three that is. `sees` is what is looked at before: its ETag goes with
    the request, and into its form. `keeps` is what of the answer names something for the deeds
    that follow, in place of `{it}` in their addresses.
    """

    service: str
    method: str
    path: str
    request: dict[str, Any]
    who: int
    sees: str | None = None
    keeps: str | None = None


def deeds() -> Iterator[Deed]:
    """Give them all."""
    for door in ("orders", "delivery"):
        yield from _told(door)
    for who in range(OF_EACH):
        yield from _subscribing(who)
    yield from _of_violations()
    yield from _of_cases()
    yield from _by_forms()


def _told(door: str) -> Iterator[Deed]:
    """Give events in each form that a door takes, by each who may, and in forms that it refuses."""
    kinds = sorted(topics.ORDERS.events if door == "orders" else topics.DELIVERIES.events)
    structured, several = "application/cloudevents+json", "application/cloudevents-batch+json"
    for who, source in enumerate(SOURCES):
        events = [examples.example(kind) | {"source": source} for kind in kinds]
        one, lines = _json(events[0]), b"".join(_json(event) + b"\n" for event in events)
        forms: list[tuple[str, bytes, dict[str, str]]] = [
            (structured, one, {}),
            (structured, gzip.compress(one), {"content-encoding": "gzip"}),
            (several, _json(events), {}),
            ("application/x-ndjson", lines, {}),
            ("application/json", one, {}),
            ("application/json", _json(events), {}),
            (structured, _json(events[0] | {"source": "/hospitals/H2"}), {}),
            (structured, b"[" * 2_000, {}),
            (several, b"[{}," + one + b", 5]", {}),
            ("application/json", _json(events[0]["data"]), _attributes(events[0])),
            ("text/plain", one, {}),
        ]
        # Each tells in one form that is taken, and the first in all of them.
        for kind, body, headers in forms if who == 0 else forms[who : who + 1]:
            told = {"content": body, "headers": headers | {"content-type": kind}}
            yield Deed(door, "POST", "/v1/events", told, who)


def _attributes(event: dict[str, Any]) -> dict[str, str]:
    """Give the attributes of an event as headers: binary mode, which HTTP doors refuse."""
    return {f"ce-{name}": str(value) for name, value in event.items() if name != "data"}


def _json(value: object) -> bytes:
    return msgspec.json.encode(value)


def _api(method: str, path: str, body: Any = None, **more: Any) -> Deed:
    """Give a request of the API; `at` names another than what is known."""
    at = {"webhook": "{it}", "delivery": "1"} | KNOWN | more.pop("at", {})
    request = {"url": path.format(**at)} | ({} if body is None else {"json": body})
    return Deed("compliance", method, path, request, **more)


def _subscribing(who: int) -> Iterator[Deed]:
    told = {"url": "https://[2001:4860:4860::8888]/told", "filter": {"area": "1401"}}
    yield _api("POST", "/v1/webhooks", {"url": "http://169.254.169.254/", "filter": {}}, who=who)
    yield _api("POST", "/v1/webhooks", told, who=who, keeps="id")
    webhook = "/v1/webhooks/{webhook}"
    yield _api("GET", f"{webhook}/deliveries", who=who)
    yield _api("POST", f"{webhook}/secret", who=who)
    yield _api("POST", f"{webhook}/deliveries/{{delivery}}/redeliver", who=who)
    yield _api("DELETE", webhook, who=who)


_FILE = {"name": "receipt.pdf", "data": b64encode(_PROOF).decode()}
_DISPUTE = {"ground": "data", "text": "arrived in time", "attachments": [_FILE]}


def _of_violations() -> Iterator[Deed]:
    path = "/v1/violations/{violation}"
    for who in range(OF_EACH):
        at = {"violation": str(_OTHERS[who].id)}
        sees = path.format(**at)
        for part, body in (
            ("reviews", {"act": "acknowledge", "text": "seen"}),
            ("comments", {"text": "seen"}),
            ("assignments", {"assignee": "person:liwj"}),
        ):
            yield _api("POST", f"{path}/{part}", body, at=at, who=who, sees=sees)
        many = {"act": "comment", "ids": [at["violation"]], "text": "seen"}
        yield _api("POST", "/v1/reviews", many, who=who)
    yield _api("POST", f"{path}/reviews", {"act": "acknowledge"}, who=0)
    for named in ([{"id": KNOWN["violation"], "seq": seq}] for seq in (9, 1)):
        yield _api("POST", "/v1/disputes", _DISPUTE | {"violations": named}, who=_ACCUSED)
    yield _api("POST", "/v1/disputes", _DISPUTE | {"violations": []}, who=_ACCUSED)


def _of_cases() -> Iterator[Deed]:
    path = "/v1/cases/{case}"
    for part, body in (
        ("acts", {"act": "take"}),
        ("letters", {"kind": "notice", "text": "answer, please"}),
        ("letters/{n}/issue", {"number": "1"}),
        ("letters/{n}/deliveries", {"channel": "email", "day": _TODAY, "text": "to Chen"}),
        ("acts", {"act": "remark", "text": "x" * 4_000}),
    ):
        yield _api("POST", f"{path}/{part}", body, who=0, sees=path.format(**KNOWN))
    reply = {"act": "reply", "text": "we did"}
    yield _api("POST", f"{path}/acts", reply, who=_ACCUSED, sees=path.format(**KNOWN))
    yield _api("POST", "/v1/bulletins/{month}/issue", {"jurisdiction": "cn-sx"}, who=0)


def _by_forms() -> Iterator[Deed]:
    """Give forms as browsers send them, and as no page of ours does."""
    violations = [str(one.id) for one in _OTHERS[OF_EACH:]]
    at = {"violation": violations[0]}
    path = "/violations/{violation}/acts"
    words: dict[str, Any] = {"act": "acknowledge", "text": "seen"}
    yield _form(path, words | {"text": "x" * 100_000}, at=at, who=0)
    yield _form(path, words | {"token": "another"}, at=at, who=0)
    yield _form(path, words | {"act": "vanish"}, at=at, who=0)
    yield _form(path, words | {"seq": "-1"}, at=at, who=0)
    yield _form(path, {}, at=at, who=0)
    yield _form(path, words, at=at, who=0, origin="https://elsewhere.example")
    yield _form(path, words, at=at, who=0, origin=HERE)
    proof = [("file", ("receipt.pdf", _PROOF)), ("file", ("", b""))]
    why = {"act": "dispute", "reason": "data", "text": "in time"}
    yield _form(path, why, at={"violation": violations[1]}, who=_ACCUSED, files=proof)
    yield _form(path, why, at={"violation": violations[2]}, who=_ACCUSED, files=proof * 20)
    together = "/cases/{case}/disputes"
    chosen = {"violation": [f"{one}:1" for one in violations[3:5]], "reason": "data", "text": "no"}
    yield _form(together, chosen, who=_ACCUSED, files=proof)
    for wrong in ("x:y", f"{violations[5]}:", ""):
        yield _form(together, chosen | {"violation": wrong}, who=_ACCUSED)
    steps = "/cases/{case}/acts"
    yield _form(steps, {"act": "remark", "text": "seen"}, who=0)
    yield _form(steps, {"act": "draft", "letter": "notice", "language": "en", "text": "?"}, who=0)
    yield _form(steps, {"act": "issue", "n": "999999999", "number": "\x00", "due": "soon"}, who=0)
    yield _form(steps, {"act": "remark", "text": "x"}, at={"case": "no.such.case"}, who=0)
    many = {"act": "acknowledge", "id": violations[6:8], "query": "rule=late-response"}
    yield _form("/violations/acts", many, who=0)
    yield _form("/violations/acts", many | {"sure": "true", "expect": "2"}, who=0)
    yield _form("/violations/acts", many | {"sure": "true", "expect": "two"}, who=0)
    yield _form("/violations/acts", many | {"id": violations[:1] * 2_000}, who=0)
    every = {"act": "comment", "every": "true", "text": "x", "query": "page_size=-1&rule=%00"}
    yield _form("/violations/acts", every, who=0)
    yield from _of_exemptions()
    for who in range(OF_EACH):
        yield _form("/me", {"subject": "person:liwj"}, who=who)
        view = {"act": "save", "list": "/cases", "query": "overdue=true&x=%00", "name": "a\x00"}
        yield _form("/me/views", view, who=who)
        yield _form("/me/views", view | {"name": "late"}, who=who)
        yield _form("/me/views", {"act": "forget", "name": "late\x00"}, who=who)
        yield _form("/sign-out", {}, who=who)


def _of_exemptions() -> Iterator[Deed]:
    path = "/exemptions/new"
    words = {"reason": "停电", "authority": "省医保局", "document": "9"}
    days = {"start": "2022-01-01", "end": "2022-02-01"}
    told = {"jurisdiction": "cn-sx", "rule": _SEEN.rule, "hospital": "H1"} | days | words
    now = datetime.now(UTC).isoformat()
    for who in range(OF_EACH):
        yield _form(path, told | {"step": "look"}, who=who)
        yield _form(path, told | {"step": "grant", "at": now}, who=who)
    for wrong in (
        {"end": "9999-99-99"},
        {"hospital": "H" * 10_000},
        {"jurisdiction": "cn-xx"},
        {"exemption": "E-unknown"},
        {"step": "vanish"},
        {"reason": "\x00"},
    ):
        yield _form(path, told | {"step": "look"} | wrong, who=0)


def _form(  # noqa: PLR0913  # one a property of a form
    path: str,
    fields: dict[str, Any],
    *,
    who: int,
    at: dict[str, str] | None = None,
    files: list[Any] | None = None,
    origin: str | None = None,
) -> Deed:
    """Give a form of the console; it carries its token unless it brings another."""
    known = KNOWN | (at or {})
    headers = BROWSER | ({} if origin is None else {"origin": origin})
    request = {
        "url": path.format(**known),
        "data": {"token": TOKEN} | fields,
        "headers": headers,
        "files": files,
    }
    page = path.removesuffix("/acts").removesuffix("/disputes").format(**known)
    sees = f"/v1{page}" if "{" in path else None
    return Deed("compliance", "POST", path, request, who, sees)
