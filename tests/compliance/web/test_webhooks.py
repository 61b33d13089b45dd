"""Changes are told to who subscribed, signed, as far as his key reaches, until they are taken."""

import asyncio
import base64
import hashlib
import hmac
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import httpx
import msgspec
import pytest

from services.compliance.storage import webhooks
from services.compliance.storage.webhooks import BACK_OFF, Sending, Tried
from services.compliance.web import hooks
from services.compliance.worker.relay import send_violations
from shared.domain import standard_webhooks
from shared.domain.principal import Party, Role
from tests.support.kept import a_violation, problem, read, served, tell
from tests.support.keys import a_key, bearer
from tests.support.workers.in_process import publishing
from tests.support.workers.on_database import WorkerOnDatabase

NETWORKS = "127.0.0.0/8"


class Receiver:
    """Takes what is posted to it, and answers with `status`."""

    def __init__(self) -> None:
        self.port = 0
        self.status = 200
        self.taken: list[tuple[dict[str, str], bytes]] = []

    async def receive(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        lines = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")[1:-2]
        headers = dict(line.split(": ", 1) for line in lines)
        body = await reader.readexactly(int(headers["content-length"]))
        self.taken.append((headers, body))
        writer.write(f"HTTP/1.1 {self.status} Done\r\n\r\n".encode())
        await writer.drain()
        writer.close()

    async def told(self, least: int) -> list[tuple[dict[str, str], bytes]]:
        """What came, once it is so much."""
        for _ in range(600):
            if len(self.taken) >= least:
                break
            await asyncio.sleep(0.05)
        return self.taken


@asynccontextmanager
async def receiving() -> AsyncIterator[Receiver]:
    receiver = Receiver()
    server = await asyncio.start_server(receiver.receive, "127.0.0.1", 0)
    receiver.port = server.sockets[0].getsockname()[1]
    async with server:
        yield receiver


def verify(secret: str, headers: dict[str, str], body: bytes) -> bool:
    """Check a message as its receiver does, by nothing but the specification."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    content = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    expected = base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()
    return f"v1,{expected}" in headers["webhook-signature"].split(" ")


def test_a_message_is_signed_as_the_specification_shows() -> None:
    secret = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    at = datetime.fromtimestamp(1_614_265_330, UTC)
    body = b'{"test": 2432232314}'
    found = standard_webhooks.headers([secret], "msg_p5jXN8AQM9LWM0D4loKWxJek", at, body)
    assert found["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    assert found["webhook-timestamp"] == "1614265330"


def test_a_day_goes_by_before_it_is_given_up() -> None:
    hours = sum(BACK_OFF, start=BACK_OFF[0] * 0).total_seconds() / 3_600
    assert 23 < hours < 25


@pytest.mark.integration
async def test_changes_come_signed_and_only_those_that_the_key_and_the_filter_let_through(
    desk: WorkerOnDatabase, database: str, kafka: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhooks, "BACK_OFF", (BACK_OFF[0] * 0,) * 10)
    monkeypatch.setattr(hooks, "EVERY", 0.1)
    first, other = a_violation(0), a_violation(1)
    assert first.hospital is not None
    mine = Party("hospital", first.hospital)
    auditor = await a_key(database, Role.AUDITOR, holder="auditor")
    party = await a_key(database, Role.PARTY, holder="hospital", parties=[mine])
    stranger = Party("hospital", "H-nobody")
    foreign = await a_key(database, Role.PARTY, holder="foreign", parties=[stranger])
    made: dict[str, Any] = {}
    settings: dict[str, Any] = {"identity": "required", "webhook_networks": NETWORKS}
    async with (
        receiving() as seen,
        receiving() as own,
        receiving() as none,
        served(database, kafka=kafka, **settings) as api,
        httpx.AsyncClient(base_url=api) as client,
        asyncio.timeout(90),
    ):
        for key, receiver in ((auditor, seen), (party, own), (foreign, none)):
            wish = {"url": f"http://127.0.0.1:{receiver.port}/told", "filter": {}}
            answer = await client.post("/v1/webhooks", json=wish, headers=bearer(key))
            made[key] = read(answer)
        seen.status = 500
        async with publishing(kafka) as producer:
            await tell(desk.connection, "opened", [first, other])
            await send_violations(desk.connection, producer)
        refused = len(await seen.told(3))
        seen.status = 204
        await seen.told(refused + 2)
        await own.told(1)
        for receiver, key in ((seen, auditor), (own, party)):
            for headers, body in receiver.taken:
                assert verify(made[key]["secret"], headers, body)
                assert not verify(made[foreign]["secret"], headers, body)
        ids = {msgspec.json.decode(body)["data"]["id"] for _, body in seen.taken}
        assert ids == {str(first.id), str(other.id)}
        assert none.taken == []
        hook = made[auditor]["id"]
        for _ in range(200):
            logged = read(
                await client.get(f"/v1/webhooks/{hook}/deliveries", headers=bearer(auditor))
            )
            if {one["state"] for one in logged["items"]} == {"delivered"}:
                break
            await asyncio.sleep(0.05)
        assert {one["status"] for one in logged["items"]} == {204}
        assert max(one["attempts"] for one in logged["items"]) > 1

        again = f"/v1/webhooks/{hook}/deliveries/{logged['items'][0]['id']}/redeliver"
        before = len(seen.taken)
        assert (await client.post(again, headers=bearer(party))).status_code == 404
        assert (await client.post(again, headers=bearer(auditor))).status_code == 204
        assert (await seen.told(before + 1))[-1][0]["webhook-id"] == logged["items"][0]["message"]

        theirs = f"/v1/webhooks/{hook}"
        problem(await client.delete(theirs, headers=bearer(foreign)), 404)
        problem(await client.post(f"{theirs}/secret", headers=bearer(foreign)), 404)
        listed = await client.get("/v1/webhooks", headers=bearer(foreign))
        assert hook not in listed.text
        assert "whsec" not in listed.text
        assert (await client.delete(theirs, headers=bearer(auditor))).status_code == 204
        assert read(await client.get("/v1/webhooks", headers=bearer(auditor))) == {"items": []}


@pytest.mark.integration
async def test_an_address_that_is_private_or_a_filter_that_is_none_is_refused_and_people_are(
    database: str, kafka: str
) -> None:
    key = await a_key(database, Role.AUDITOR)
    async with (
        served(database, kafka=kafka, identity="required") as api,
        httpx.AsyncClient(base_url=api, headers=bearer(key)) as client,
    ):
        for wish in (
            {"url": "http://127.0.0.1/"},
            {"url": "ftp://example.com"},
            {"url": "https://example.com/", "filter": {"as_of": "2022-01-01T00:00:00Z"}},
            {"url": "https://example.com/", "filter": {"rule": ["no-rule"]}},
            {"url": "https://example.com/", "more": 1},
        ):
            problem(await client.post("/v1/webhooks", json=wish), 422)
        for _ in range(webhooks.MOST_OF_ONE):
            read(await client.post("/v1/webhooks", json={"url": "https://example.com/"}))
        problem(await client.post("/v1/webhooks", json={"url": "https://example.com/"}), 409)


def test_what_is_refused_holds_up_nothing_and_who_is_away_is_left_alone_for_minutes() -> None:
    now = datetime(2022, 5, 1, tzinfo=UTC)
    pause = webhooks._pause  # noqa: SLF001
    due = Sending(1, UUID(int=1), "key:a", "m", b"", 3, "https://x/", ())
    assert pause(Tried(due, 400, "it answered 400"), now) is None
    assert pause(Tried(due, 200, None), now) is None
    for away in (Tried(due, None, "refused"), Tried(due, 503, "503"), Tried(due, 429, "429")):
        assert pause(away, now) == now + webhooks.PAUSED_FOR
