"""A small part of the walk over all roles and routes; the whole is `python -m tests.walk`."""

import pytest

from tests.walk.__main__ import walk

DONE = {
    ("POST", "/v1/events"): 2 * 6,
    ("POST", "/v1/disputes"): 1,
    ("POST", "/v1/webhooks"): 1,
    ("POST", "/v1/violations/{violation}/comments"): 1,
}
"""What must at least be taken, and how often: a walk that is only refused shows nothing."""


@pytest.mark.integration
async def test_no_route_fails_or_answers_whom_it_does_not_admit(kafka: str, database: str) -> None:
    walked = await walk(database, kafka, 1, number=7)
    assert walked.faults == []
    assert sum(walked.statuses.values()) > 300
    assert walked.statuses[200]
    assert {route: walked.done[route] for route in DONE if walked.done[route] < DONE[route]} == {}
