"""The bulletin of a month over HTTP: what cannot be had is said."""

import pytest

from shared.adapters.postgres import Connection
from tests.support.kept import an_api, problem

pytestmark = pytest.mark.integration


async def test_a_jurisdiction_without_a_policy_has_no_bulletin_and_those_that_have_are_named(
    database: str,
    connection: Connection,  # noqa: ARG001 - it migrates the database
) -> None:
    async with an_api(database, migrated=False) as api:
        asked = {"jurisdiction": "cn-sxx"}
        found = problem(await api.get("/bulletins/2022-05", params=asked), 404)
    assert "'cn-sxx'" in found["detail"]
    assert "cn-sx, " in found["detail"]
