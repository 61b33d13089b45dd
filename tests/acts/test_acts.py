"""A small part of what `python -m tests.acts` does with 1,000 acts and 20 kills."""

import pytest

from tests.acts.__main__ import run


@pytest.mark.integration
async def test_no_act_that_was_answered_is_lost_whenever_a_worker_is_killed(database: str) -> None:
    done = await run(database, 80, 2)
    assert done.problems == []
    assert done.acts > 30
    assert done.killed >= 2
    assert done.lines > done.acts + 60
