"""What was known earlier is audited like what is known now, whatever of it was changed."""

from datetime import timedelta

import pytest

from services.compliance.answers import audit
from services.compliance.people.review import Facts, Who
from services.compliance.storage import reviews
from services.compliance.storage.reviews import Context, Doing
from services.compliance.web.acting import given
from shared.adapters.postgres import Connection
from tests.compliance.answers.test_audit import OTHERWISE
from tests.support.kept import TOLD, a_violation, keep_fact, tell

pytestmark = pytest.mark.integration

SHARE = a_violation().id.bytes[0]


async def problems(connection: Connection) -> list[str]:
    async with connection.transaction(isolation="repeatable_read"):
        return list((await audit.check_violations(connection, SHARE)).problems)


@pytest.fixture
async def told(connection: Connection) -> Connection:
    """A violation that was told day by day, and twice at the end; a person acted in between."""
    await keep_fact(connection, 1)
    opened, changed = a_violation(), a_violation(area="140200", distributor=None)
    await tell(connection, "opened", [opened])
    officer = Context(Who("person:one", frozenset({"officer"})), Facts())
    doing = Doing("comment", given(text="看过了"))
    await reviews.act(connection, opened.id, None, doing, lambda _: officer)
    await tell(connection, "changed", [changed], at=TOLD + timedelta(days=1))
    await tell(connection, "withdrawn", [changed], at=TOLD + timedelta(days=2))
    await tell(connection, "opened", [opened], at=TOLD + timedelta(days=3))
    await tell(connection, "changed", [changed], at=TOLD + timedelta(days=3))
    return connection


async def test_whatever_was_changed_of_what_lapsed_is_found_and_named(told: Connection) -> None:
    lines = [row["seq"] for row in await told.fetch("SELECT seq FROM compliance.past ORDER BY seq")]
    assert lines == [2, 3, 4]
    assert await problems(told) == []
    columns = await told.fetch(
        "SELECT column_name, data_type FROM information_schema.columns "
        "WHERE table_schema = 'compliance' AND table_name = 'past'"
    )
    assert len(columns) == 20
    for name, kind in columns:
        change = OTHERWISE[kind].format(f'"{name}"')
        trial = told.transaction()
        await trial.start()
        await told.execute(f'UPDATE compliance.past SET "{name}" = {change} WHERE seq = 3')  # noqa: S608
        found = list((await audit.check_violations(told, SHARE)).problems)
        await trial.rollback()
        named = "is gone" if name in {"id", "seq"} else f"{name} is "
        assert any(named in one for one in found), (name, found)
    assert await problems(told) == []


async def test_what_lapsed_and_is_gone_or_never_lapsed_is_named(told: Connection) -> None:
    await told.execute("UPDATE compliance.past SET seq = 99 WHERE seq = 4")
    found = await problems(told)
    assert found[0].endswith(", line 4: is gone")
    assert found[1].endswith(", line 99: is kept, and nothing lapsed there")
    await told.execute("DELETE FROM compliance.past")
    assert len(await problems(told)) == 3
