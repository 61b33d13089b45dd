"""A small part of the walk over all roles and routes; the whole is `python -m tests.walk`."""

import pytest

from tests.walk.__main__ import walk


@pytest.mark.integration
async def test_no_route_fails_or_answers_whom_it_does_not_admit(database: str) -> None:
    walked = await walk(database, 1, number=7)
    assert walked.faults == []
    assert sum(walked.statuses.values()) > 300
    assert walked.statuses[200]
