"""The pages and forms of the console as an OpenAPI document says it: the service's own has none."""

import re
from collections.abc import Iterable
from typing import Any, get_args

from services.compliance.people.acts import DISMISSALS, GROUNDS, Act
from services.compliance.people.delivery import Channel
from services.compliance.people.procedure import CaseAct, LetterKind, Outcome
from services.compliance.rules import RULES
from services.compliance.web import granting
from services.compliance.web.bodies import FORM, MULTIPART
from services.compliance.web.console import security
from services.compliance.web.console.many import ManyAct
from shared.adapters.identity.invented import INVENTED

TOKEN = "t" * 43
"""What forms carry, as the cookie of whoever sends them does."""

BROWSER = {"accept": "text/html", "cookie": f"{security.COOKIE}={TOKEN}"}

_LIKE = {
    "/": "/v1/matrix",
    "/cases": "/v1/cases",
    "/coverage": "/v1/coverage",
    "/exemptions": "/v1/exemptions",
    "/parties": "/v1/parties",
    "/violations": "/v1/violations",
    "/violations/{violation}": "/v1/violations/{violation}",
}
"""Pages that are asked as a route of the API is."""

_PAGES = {
    "/": ("show", "severity", "exempt", "stretch", "lang"),
    "/bulletins": ("lang",),
    "/cases": ("lang",),
    "/cases/{case}": ("lang",),
    "/console/console.js": (),
    "/console/htmx.min.js": (),
    "/console/style.css": (),
    "/coverage": ("lang",),
    "/exemptions": ("told", "lang"),
    "/exemptions/new": (*granting.FIELDS, "lang"),
    "/go/alert": ("alertname", "jurisdiction", "rule", "area", "kind", "severity", "hospital"),
    "/me": ("lang",),
    "/parties": ("begins", "lang"),
    "/parties/{role}/{code}": ("jurisdiction", "month", "lang"),
    "/policies/{policy}": ("lang",),
    "/quality": ("lang",),
    "/rules": ("lang",),
    "/rules/{rule}": ("lang",),
    "/sign-in": ("to",),
    "/signed-in": ("state", "code", "error", "iss"),
    "/violations": ("lang",),
    "/violations/{violation}": ("as_of", "lang"),
}
"""The pages, with what they can be asked beside that."""

_TEXT: dict[str, Any] = {"type": "string"}
_SEQ: dict[str, Any] = {"type": "integer", "minimum": 0, "maximum": 3}
_ID: dict[str, Any] = {"type": "string", "format": "uuid"}


def _one_of(words: Iterable[str]) -> dict[str, Any]:
    return {"type": "string", "enum": list(words)}


_REASON = _one_of([*GROUNDS, *DISMISSALS])
_FORMS: dict[str, dict[str, Any]] = {
    "/exemptions/new": {
        "step": _one_of(["look", "mend", "grant"]),
        "at": {"type": "string", "format": "date-time"},
        **dict.fromkeys(granting.FIELDS, _TEXT),
        "rule": _one_of(rule.name for rule in RULES),
        "start": {"type": "string", "format": "date"},
        "end": {"type": "string", "format": "date"},
    },
    "/me": {"subject": _one_of(INVENTED)},
    "/me/views": {
        "act": _one_of(["save", "forget"]),
        "list": _one_of(["/violations", "/cases"]),
        "query": _TEXT,
        "name": _TEXT,
    },
    "/sign-out": {},
    "/violations/acts": {
        "act": _one_of(get_args(ManyAct)),
        "id": {"type": "array", "items": _ID},
        "every": _one_of(["true", "false"]),
        "sure": _one_of(["true", "false"]),
        "expect": {"type": "integer"},
        "query": _TEXT,
        "text": _TEXT,
        "assignee": _TEXT,
    },
    "/violations/{violation}/acts": {
        "act": _one_of(get_args(Act)),
        "seq": _SEQ,
        "reason": _REASON,
        "text": _TEXT,
        "assignee": _TEXT,
    },
    "/cases/{case}/acts": {
        "act": _one_of(get_args(CaseAct)),
        "seq": _SEQ,
        "text": _TEXT,
        "assignee": _TEXT,
        "outcome": _one_of(get_args(Outcome)),
        "though_open": _one_of(["true", "false"]),
        "letter": _one_of(get_args(LetterKind)),
        "n": _SEQ,
        "number": _TEXT,
        "due": {"type": "string", "format": "date"},
        "internal": _one_of(["true", "false"]),
        "language": _one_of(["zh", "en"]),
        "channel": _one_of(get_args(Channel)),
        "day": {"type": "string", "format": "date"},
    },
    "/cases/{case}/disputes": {"violation": _TEXT, "reason": _REASON, "text": _TEXT},
}
"""The forms and their fields."""

_WITH_FILES = {"/violations/{violation}/acts", "/cases/{case}/disputes"}


def with_console(document: dict[str, Any]) -> dict[str, Any]:
    """Give the document of the service with the pages and forms of its console beside the rest."""
    paths = {path: dict(operations) for path, operations in document["paths"].items()}
    for path, names in _PAGES.items():
        like = paths.get(_LIKE.get(path, ""), {}).get("get", {})
        known = [one for one in like.get("parameters", []) if one["in"] == "query"]
        others = [_parameter(name, "query") for name in names]
        paths.setdefault(path, {})["get"] = _operation(path, [*known, *others])
    for path, fields in _FORMS.items():
        shape = {"type": "object", "properties": fields, "required": sorted({"act"} & {*fields})}
        kinds = [FORM, MULTIPART] if path in _WITH_FILES else [FORM]
        body = {"required": True, "content": {kind: {"schema": shape} for kind in kinds}}
        paths.setdefault(path, {})["post"] = _operation(path, []) | {"requestBody": body}
    return document | {"paths": paths}


def _operation(path: str, query: list[dict[str, Any]]) -> dict[str, Any]:
    named = [_parameter(name, "path") for name in re.findall(r"{(\w+)}", path)]
    once = {one["name"]: one for one in (*query, *named)}
    return {"parameters": list(once.values()), "responses": {"200": {"description": "a page"}}}


def _parameter(name: str, where: str) -> dict[str, Any]:
    return {"name": name, "in": where, "required": where == "path", "schema": _TEXT}
