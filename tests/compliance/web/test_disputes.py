"""Disputes with files, of one violation or several at once, by API and by form."""

import re
from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import ExitStack
from hashlib import sha256
from typing import Any

import asyncpg
import httpx
import pytest
import pytest_asyncio

from services.compliance.answers.audit_attachments import check_attachments
from services.compliance.findings.accused import Accused
from services.compliance.findings.violation import Change
from services.compliance.people.attachment import MOST_OF_VIOLATION
from services.compliance.people.case import PartyCase
from services.compliance.storage import violations
from services.compliance.web import disputes
from services.compliance.web.console.uploads import Field
from shared.adapters.postgres import Connection
from shared.domain.principal import Party, Role
from tests.compliance.web.console.test_uploads import TYPE, sent
from tests.support.kept import TOLD, a_connection, a_violation, an_api, problem, read
from tests.support.keys import a_key, bearer

pytestmark = pytest.mark.integration

PDF = b"%PDF-1.7 signed"
MINE = [a_violation(n) for n in (1, 2, 3)]
OTHERS = a_violation(4, distributor="D2", hospital="H2", manufacturer="M2")
CASE = PartyCase("cn-sx", "late-response", "2022-01", "distributor", "D1").name


@pytest_asyncio.fixture
async def connection(database: str) -> AsyncIterator[Connection]:
    async with a_connection(database) as connection:
        changes = [
            Change("opened", one.id, TOLD, one, (), accused=Accused("distributor", one.distributor))
            for one in (*MINE, OTHERS)
            if one.distributor
        ]
        await violations.tell(connection, changes)
        yield connection


async def a_party(database: str, code: str) -> dict[str, str]:
    own = [Party("distributor", code)]
    return bearer(await a_key(database, Role.PARTY, holder=code, parties=own))


def a_dispute(*seen: tuple[Any, int], files: tuple[tuple[str, bytes], ...] = ()) -> dict[str, Any]:
    return {
        "violations": [{"id": str(one.id), "seq": seq} for one, seq in seen],
        "ground": "data",
        "text": "已按时送达，见签收单",
        "attachments": [{"name": n, "data": b64encode(data).decode()} for n, data in files],
    }


async def test_several_are_disputed_together_with_files_that_only_who_sees_them_gets(
    database: str, connection: Connection
) -> None:
    party, other = await a_party(database, "D1"), await a_party(database, "D2")
    body = a_dispute((MINE[0], 1), (MINE[1], 1), files=(("签收单.pdf", PDF), ("x.pdf", PDF)))
    async with an_api(database, identity="required") as api:
        assert (await api.post("/v1/disputes", json=body, headers=other)).status_code == 404
        done = read(await api.post("/v1/disputes", json=body, headers=party))
        assert {one["seq"] for one in done["violations"]} == {2}
        at = f"/v1/violations/{MINE[0].id}"
        item = read(await api.get(at, headers=party))
        assert item["review"] == "disputed"
        digest = sha256(PDF).hexdigest()
        told = item["history"][-1]["review"]
        assert told["attachments"] == [digest, digest]
        assert told["dispute"] == {"id": done["dispute"], "violations": 2}
        assert [one["name"] for one in item["attachments"]] == ["签收单.pdf", "x.pdf"]
        assert item["chain"]["verified"]
        file = await api.get(f"{at}/attachments/{digest}", headers=party)
        assert file.content == PDF
        assert file.headers["content-disposition"].startswith("attachment; filename*=UTF-8''%E7")
        assert file.headers["x-content-type-options"] == "nosniff"
        assert file.headers["content-type"] == "application/pdf"
        assert "sandbox" in file.headers["content-security-policy"]
        for path, who in (
            (f"{at}/attachments/{digest}", other),
            (f"/v1/violations/{OTHERS.id}/attachments/{digest}", other),
            (f"{at}/attachments/{'0' * 64}", party),
            (f"{at}/attachments/none", party),
        ):
            assert (await api.get(path, headers=who)).status_code == 404, path
        page = (await api.get(f"/violations/{MINE[0].id}", headers=party)).text
        assert f"/v1/violations/{MINE[0].id}/attachments/{digest}" in page
    assert await connection.fetchval("SELECT count(*) FROM compliance.attachment") == 1
    assert await connection.fetchval("SELECT count(*) FROM compliance.attached") == 4


async def test_of_several_all_are_disputed_or_none_and_which_one_stopped_it_is_named(
    database: str, connection: Connection
) -> None:
    party = await a_party(database, "D1")
    async with an_api(database, identity="required") as api:

        async def refused(body: dict[str, Any], status: int) -> dict[str, Any]:
            return problem(await api.post("/v1/disputes", json=body, headers=party), status)

        moved = await refused(a_dispute((MINE[0], 1), (MINE[1], 7)), 412)
        assert moved["violation"] == str(MINE[1].id)
        await refused(a_dispute((MINE[0], 1), (OTHERS, 1)), 404)
        assert (await refused(a_dispute(), 422))["status"] == 422
        await refused(a_dispute((MINE[0], 1)) | {"ground": "none"}, 422)
        await refused(a_dispute((MINE[0], 1), files=(("a.exe", b"MZ"),)), 422)
        await refused(a_dispute((MINE[0], 1), files=(("a.pdf", PDF),) * 6), 422)
        async with a_connection(database) as worker, worker.transaction():
            await worker.execute("SELECT FROM compliance.violation FOR UPDATE")
            await refused(a_dispute((MINE[0], 1)), 503)
        with ExitStack() as held:
            for _ in range(disputes.MOST_AT_ONCE):
                held.enter_context(disputes.ROOM.taken())
            await refused(a_dispute((MINE[0], 1)), 503)
        read(await api.post("/v1/disputes", json=a_dispute((MINE[0], 1)), headers=party))
        again = await refused(a_dispute((MINE[0], 2), (MINE[2], 1)), 409)
        assert (again["violation"], again["from"]) == (str(MINE[0].id), "disputed")
    states = await connection.fetch("SELECT review FROM compliance.violation ORDER BY occurred_at")
    assert [row["review"] for row in states] == ["disputed", "new", "new", "new"]
    assert await connection.fetchval("SELECT count(*) FROM compliance.attachment") == 0


async def test_a_violation_has_no_more_files_however_often_it_is_disputed(
    database: str, connection: Connection
) -> None:
    party, at = await a_party(database, "D1"), f"/v1/violations/{MINE[0].id}"
    async with an_api(database, identity="required") as api:
        for turn in range(MOST_OF_VIOLATION // 5 + 1):
            seq = read(await api.get(at, headers=party))["seq"]
            files = tuple((f"{n}.pdf", PDF + f"{turn} {n}".encode()) for n in range(5))
            answer = await api.post(
                "/v1/disputes", json=a_dispute((MINE[0], seq), files=files), headers=party
            )
            if answer.status_code != 200:
                break
            etag = {"if-match": f'"{seq + 1}"'}
            taken_back = await api.post(
                f"{at}/reviews", json={"act": "withdraw"}, headers=party | etag
            )
            assert taken_back.status_code == 200
    assert "has 20 at most" in problem(answer, 422)["detail"]
    assert await connection.fetchval("SELECT count(*) FROM compliance.attached") == 20


async def test_files_that_were_changed_or_taken_away_are_found_and_erased_ones_are_not_missed(
    database: str, connection: Connection
) -> None:
    party = await a_party(database, "D1")
    async with an_api(database, identity="required") as api:
        body = a_dispute((MINE[0], 1), files=(("a.pdf", PDF),))
        read(await api.post("/v1/disputes", json=body, headers=party))

        async def found() -> list[str]:
            async with connection.transaction():
                return (await check_attachments(connection))[1]

        assert await found() == []
        for statement in (
            "UPDATE compliance.attachment SET bytes = 'x', size = 1",
            "DELETE FROM compliance.attachment",
            "UPDATE compliance.attached SET name = 'x'",
            "DELETE FROM compliance.attached",
        ):
            with pytest.raises(asyncpg.RaiseError):
                await connection.execute(statement)
        await connection.execute("SET session_replication_role = replica")
        for statement, said in (
            ("UPDATE compliance.attachment SET bytes = 'x', size = 1", "its bytes are others"),
            ("DELETE FROM compliance.attached", "attachments is []"),
            ("UPDATE compliance.attached SET seq = 1", "line 2: attachments is []"),
        ):
            transaction = connection.transaction()
            await transaction.start()
            await connection.execute(statement)
            assert any(said in one for one in (await check_attachments(connection))[1]), statement
            await transaction.rollback()
        await connection.execute("SET session_replication_role = origin")
        await connection.execute("UPDATE compliance.attachment SET bytes = '', erased_at = now()")
        assert await found() == []
        digest = sha256(PDF).hexdigest()
        path = f"/v1/violations/{MINE[0].id}/attachments/{digest}"
        assert (await api.get(path, headers=party)).status_code == 404


async def test_a_party_disputes_by_a_form_with_files_and_without_javascript(
    database: str, connection: Connection
) -> None:
    party = await a_party(database, "D1")
    async with an_api(database, identity="required") as api:
        page = await api.get(f"/cases/{CASE}", headers=party)
        token = page.cookies["vbp-form"]
        chosen = re.findall(r'name="violation" value="([^"]+)"', page.text)
        assert len(chosen) == len(MINE)

        async def post(*fields: Field) -> httpx.Response:
            return await api.post(
                f"/cases/{CASE}/disputes",
                content=sent(Field("token", None, token.encode()), *fields),
                headers=party | {"content-type": TYPE},
            )

        why = (Field("reason", None, b"data"), Field("text", None, "已送达".encode()))
        assert "请至少选择一项" in (await post(*why)).text
        some = [Field("violation", None, one.encode()) for one in chosen[:2]]
        bad = await post(*some, *why, Field("file", "a.exe", b"MZ"))
        assert (bad.status_code, "is no PDF" in bad.text) == (422, True)
        done = await post(*some, *why, Field("file", "a.pdf", PDF), Field("file", "", b""))
        assert done.status_code == 303
        one = f"/violations/{chosen[2].partition(':')[0]}"
        fields = [Field("token", None, token.encode()), Field("seq", None, b"1"), *why]
        alone = await api.post(
            f"{one}/acts",
            content=sent(*fields, Field("act", None, b"dispute"), Field("file", "b.pdf", PDF)),
            headers=party | {"content-type": TYPE},
        )
        assert alone.status_code == 303
        foreign = await api.post(
            f"{one}/acts", content=sent(*fields), headers={"content-type": TYPE}
        )
        assert foreign.status_code in {401, 403}
    states = await connection.fetch(
        "SELECT DISTINCT review FROM compliance.violation WHERE accused = 'D1'"
    )
    assert [row["review"] for row in states] == ["disputed"]
    assert await connection.fetchval("SELECT count(*) FROM compliance.attached") == 3
