"""A small part of the walk over all roles and routes; the whole is `python -m tests.walk`."""

import httpx
import pytest

from shared.domain.principal import Role
from tests.walk.__main__ import walk
from tests.walk.askers import Asker
from tests.walk.tally import Route, Tally, ignored, may_ask

TAKEN = {
    "DELETE /v1/webhooks/{webhook}": 3,
    "POST /cases/{case}/acts": 2,
    "POST /cases/{case}/disputes": 1,
    "POST /exemptions/new": 4,
    "POST /me": 3,
    "POST /me/views": 2 * 3,
    "POST /sign-out": 3,
    "POST /v1/cases/{case}/acts": 2,
    "POST /v1/cases/{case}/letters": 1,
    "POST /v1/cases/{case}/letters/{n}/deliveries": 1,
    "POST /v1/cases/{case}/letters/{n}/issue": 1,
    "POST /v1/disputes": 1,
    "POST /v1/events": 2 * (6 + 2),
    "POST /v1/reviews": 3,
    "POST /v1/violations/{violation}/assignments": 2,
    "POST /v1/violations/{violation}/comments": 2,
    "POST /v1/violations/{violation}/reviews": 2,
    "POST /v1/webhooks": 3,
    "POST /v1/webhooks/{webhook}/secret": 3,
    "POST /violations/acts": 2,
    "POST /violations/{violation}/acts": 2,
}
"""What must at least be taken, and how often: a walk that is only refused shows nothing."""

OFFICER = Asker("officer-1", Role.OFFICER, "")
NOBODY = Asker("nobody", None, None)
CLOSED = Route("compliance", "GET", "/v1/stream", frozenset({Role.OFFICER}))
OPEN = Route("compliance", "GET", "/healthz", frozenset())


@pytest.mark.integration
async def test_no_route_fails_or_answers_whom_it_does_not_admit(kafka: str, database: str) -> None:
    tally, missed = await walk(database, kafka, 1, number=7)
    assert tally.errors == []
    assert tally.ignored == []
    # One request of each is asked by one of three; the whole walk leaves nobody out.
    assert [one for one in missed if one.startswith(("nobody", "forged"))] == []
    assert {route: tally.taken[route] for route in TAKEN if tally.taken[route] < TAKEN[route]} == {}


@pytest.mark.parametrize(
    ("route", "asker", "status", "fault"),
    [
        (CLOSED, NOBODY, 401, None),
        (CLOSED, NOBODY, 200, "answers nobody"),
        (CLOSED, NOBODY, 404, "answers nobody"),
        (CLOSED, OFFICER, 200, None),
        (CLOSED, OFFICER, 401, "knows no key"),
        (CLOSED, OFFICER, 403, "refuses a role"),
        (CLOSED, OFFICER._replace(role=Role.PARTY), 403, None),
        (CLOSED, OFFICER._replace(role=Role.PARTY), 303, "ignores the role"),
        (OPEN, NOBODY, 200, None),
        (OPEN, NOBODY, 401, "asks who it is"),
    ],
)
def test_an_answer_to_somebody_else_than_who_asked_is_a_fault(
    route: Route, asker: Asker, status: int, fault: str | None
) -> None:
    text = "This takes one of the roles officer" if status == 403 else ""
    assert ignored(route, asker, httpx.Response(status, text=text)) == fault


def test_who_fails_is_told_and_who_did_not_ask_is_missed() -> None:
    tally, request = Tally(), httpx.Request("GET", "https://vbp.example/healthz")
    tally.note(OPEN, NOBODY, httpx.Response(503, request=request))
    assert (len(tally.errors), tally.requests) == (1, 1)
    assert tally.missed([OPEN, CLOSED], [[NOBODY, OFFICER]]) == [
        "officer-1 did not ask compliance GET /healthz",
        "nobody did not ask compliance GET /v1/stream",
    ]
    assert not may_ask(CLOSED, OFFICER)
