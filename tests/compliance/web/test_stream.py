"""Changes as they come: nothing is missed, whoever comes back, and whatever restarts between."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import httpx
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from services.compliance.answers.filters import Filters
from services.compliance.answers.service_shapes import ChangeShown
from services.compliance.web import stream
from services.compliance.web.changes import RecentChanges, ToldOnBus, read_places, write_places
from services.compliance.worker.relay import send_violations
from shared.adapters.identity import key_reader, keys, standing
from shared.domain import topics
from shared.domain.principal import Party, Principal, Role
from tests.support.kept import a_violation, problem, read, served, tell
from tests.support.keys import a_key, bearer
from tests.support.workers.in_process import publishing
from tests.support.workers.on_database import WorkerOnDatabase

Event = dict[str, str]
TOLD_OF = 60
NOTHING: Mapping[str, str] = {}


@asynccontextmanager
async def followed(
    api: str, last: str | None = None, headers: Mapping[str, str] = NOTHING, **query: str
) -> AsyncIterator[AsyncIterator[Event]]:
    """Follow the stream from behind what was heard last."""
    headers = {**headers} if last is None else {**headers, "last-event-id": last}
    async with (
        httpx.AsyncClient(base_url=api, timeout=30) as client,
        client.stream("GET", "/v1/stream", params=query, headers=headers) as answer,
    ):
        assert answer.status_code == 200, await answer.aread()
        assert answer.headers["content-type"].startswith("text/event-stream")
        yield events(answer)


async def events(answer: httpx.Response) -> AsyncIterator[Event]:
    """Read events as a browser does; a comment is one without a name."""
    held: Event = {}
    async for line in answer.aiter_lines():
        if line:
            name, _, value = line.partition(": ")
            held[name] = value
        elif held:
            yield held
            held = {}


async def following(api: str, headers: Mapping[str, str] = NOTHING) -> None:
    """Wait until the API has read what was told before."""
    async with httpx.AsyncClient(base_url=api, headers=headers) as client:
        for _ in range(600):
            if (await client.get("/v1/changes")).status_code == 200:
                return
            await asyncio.sleep(0.1)
    pytest.fail("the API has not read what was told before")


@pytest.mark.integration
async def test_nothing_is_missed_or_told_twice_by_whoever_comes_back_even_to_a_new_api(
    desk: WorkerOnDatabase, database: str, kafka: str
) -> None:
    told = [a_violation(number) for number in range(TOLD_OF)]
    names = {str(one.id) for one in told}
    heard: list[str] = []
    polled: list[str] = []

    async def tell_all() -> None:
        async with publishing(kafka) as producer:
            for first in range(0, TOLD_OF, 10):
                await tell(desk.connection, "opened", told[first : first + 10])
                await send_violations(desk.connection, producer)
                # Nothing of ours says so, and the topic is open to whoever may write to it.
                await producer.send_and_wait(
                    topics.VIOLATIONS, key=b"x", value=b"\xff", headers=[("ce_type", None)]
                )
                await asyncio.sleep(0.2)

    async def hear(api: str, last: str | None, most: int) -> str:
        place = last
        async with followed(api, last) as coming:
            async for event in coming:
                assert event.get("event") != "reset", event
                place = event.get("id", place)
                if event.get("event") == "opened":
                    name = msgspec.json.decode(event["data"])["id"]
                    heard.extend([name] if name in names else [])
                    if len(heard) >= min(most, TOLD_OF):
                        break
                elif event.get("event") == "begin" and most == 0:
                    break
        assert place is not None
        return place

    async with served(database, kafka=kafka) as api, asyncio.timeout(90):
        await following(api)
        last = await hear(api, None, 0)
        begin = last
        telling = asyncio.create_task(tell_all())
        for most in (3, 4, 17, 25):
            last = await hear(api, last, most)
    async with served(database, kafka=kafka) as api, asyncio.timeout(90):
        await following(api)
        last = await hear(api, last, 40)
        last = await hear(api, last, TOLD_OF)
        await telling
        async with httpx.AsyncClient(base_url=api) as client:
            page = read(await client.get("/v1/changes", params={"after": begin}))
            polled += [item["id"] for item in page["items"] if item["id"] in names]
            end = read(await client.get("/v1/changes", params={"after": page["next"]}))
            ahead = ".".join(f"p{n}-99999999" for n in range(8))
            lost = read(await client.get("/v1/changes", params={"after": ahead}))
            problem(await client.get("/v1/changes", params={"after": "p0"}), 400)
        async with followed(api, ahead) as coming:
            assert (await anext(coming))["event"] == "reset"

    assert sorted(heard) == sorted(names)
    assert sorted(polled) == sorted(names)
    assert (page["reset"], end["items"], lost["reset"]) == (False, [], True)


@pytest.mark.integration
async def test_a_stream_is_kept_alive_and_one_too_many_is_told_when_to_come_again(
    database: str, kafka: str, desk: WorkerOnDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert desk
    monkeypatch.setattr(stream, "COMMENT_AFTER", 0.1)
    monkeypatch.setattr(stream, "MOST_CLIENTS", 1)
    async with served(database, kafka=kafka) as api, asyncio.timeout(60):
        await following(api)
        async with followed(api) as coming:
            assert (await anext(coming))["event"] == "begin"
            assert "" in await anext(coming)
            async with httpx.AsyncClient(base_url=api, timeout=30) as client:
                refused = await client.get("/v1/stream")
                metrics = (await client.get("/metrics")).text
        assert "1 follow already" in problem(refused, 503)["detail"]
        assert refused.headers["retry-after"] == "10"
        assert "vbp_stream_clients 1.0" in metrics
        async with httpx.AsyncClient(base_url=api, timeout=30) as client:
            for _ in range(300):
                left = "vbp_stream_clients 0.0" in (await client.get("/metrics")).text
                if left:
                    break
                await asyncio.sleep(0.1)
            assert left


@pytest.mark.integration
async def test_a_stream_ends_once_the_key_that_it_was_asked_for_by_is_revoked(
    database: str, kafka: str, desk: WorkerOnDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert desk
    monkeypatch.setattr(stream, "COMMENT_AFTER", 0.1)
    monkeypatch.setattr(standing, "EVERY", 0.1)
    monkeypatch.setattr(key_reader, "FRESH", 0.0)
    key = await a_key(database, Role.AUDITOR)
    async with served(database, kafka=kafka, identity="required") as api, asyncio.timeout(60):
        await following(api, bearer(key))
        async with followed(api, headers=bearer(key)) as coming:
            for _ in range(20):
                await anext(coming)
            await keys.revoke(desk.connection, [key.split("_")[1]], datetime.now(UTC))
            async for event in coming:
                assert "" in event


@pytest.mark.integration
async def test_without_the_bus_it_is_said_that_nothing_can_be_followed(database: str) -> None:
    async with served(database) as api, httpx.AsyncClient(base_url=api) as client:
        for path in ("/v1/stream", "/v1/changes"):
            answer = await client.get(path)
            assert "try again" in problem(answer, 503)["detail"]
            assert answer.headers["retry-after"] == "10"


def a_change(number: int, **told: Any) -> tuple[ToldOnBus, ChangeShown]:
    shown = ChangeShown(str(number), 1, "opened", None, None, None, None)
    return ToldOnBus(str(number), **told), shown


@settings(max_examples=200, deadline=None)
@given(
    some.lists(some.integers(0, 2), max_size=40),
    some.integers(1, 12),
    some.integers(0, 40),
)
def test_whoever_comes_back_is_told_just_what_was_missed_or_that_it_is_not_known(
    partitions: list[int], most: int, left_at: int
) -> None:
    changes = RecentChanges(most)
    changes.begin({0: 5, 1: 0, 2: 9})
    offsets = {0: 5, 1: 0, 2: 9}
    left, left_number = changes.place, changes.number
    for number, partition in enumerate(partitions):
        if number == left_at:
            left, left_number = changes.place, changes.number
        changes.take(partition, offsets[partition], *a_change(number))
        offsets[partition] += 1
    missed = partitions[left_at:] if left_at < len(partitions) else partitions
    first = left_at if left_at < len(partitions) else 0

    seen = read_places(left)
    assert seen is not None
    assert write_places(seen) == left
    by_place, by_number = changes.since(seen), changes.after(left_number)
    expected = [str(number) for number in range(first, len(partitions))]
    for found in (by_place, by_number):
        if found is None:
            assert len(missed) > most
        else:
            assert [one.shown.id for one in found] == expected


def test_a_topic_that_is_not_the_one_it_was_makes_everybody_begin_anew() -> None:
    changes = RecentChanges()
    changes.begin({0: 0})
    for number in range(3):
        changes.take(0, number, *a_change(number))
    number, place = changes.number, read_places(changes.place)
    changes.begin({0: 0})

    assert place is not None
    assert changes.since(place) is None
    assert changes.after(number) is None


@pytest.mark.parametrize("text", ["", "p0", "p0-1.", "p-1", "p0-1 p1-2", "P0-1", "p0--1"])
def test_what_is_no_place_is_none(text: str) -> None:
    assert read_places(text) is None


SCOPES: list[tuple[dict[str, Any], Principal, bool]] = [
    ({}, Principal("person:a", frozenset({Role.OFFICER})), True),
    ({"status": ["closed"]}, Principal("person:a", frozenset({Role.OFFICER})), False),
    ({"month": "2022-01"}, Principal("person:a", frozenset({Role.OFFICER})), True),
    ({"month": "2022-02"}, Principal("person:a", frozenset({Role.OFFICER})), False),
    ({}, Principal("person:a", frozenset({Role.OFFICER}), frozenset({"cn-tj"})), False),
    ({}, Principal("key:d", frozenset({Role.PARTY})), False),
    (
        {},
        Principal(
            "key:d", frozenset({Role.PARTY}), parties=frozenset({Party("distributor", "D1")})
        ),
        True,
    ),
    (
        {},
        Principal(
            "key:d", frozenset({Role.PARTY}), parties=frozenset({Party("distributor", "D2")})
        ),
        False,
    ),
]


@pytest.mark.parametrize(("asked", "asker", "shown"), SCOPES, ids=str)
def test_a_change_is_told_to_whom_it_concerns_and_who_asked_for_it(
    asked: dict[str, Any], asker: Principal, *, shown: bool
) -> None:
    told = msgspec.convert(msgspec.to_builtins(a_violation()), ToldOnBus)

    assert stream.wanted_by(Filters(**asked), asker)(told) is shown


@pytest.mark.integration
@pytest.mark.parametrize("after", ["zz", "-1", "p0", "\x00", "9" * 23])
async def test_a_place_that_is_none_is_refused_wherever_it_is_told_in_the_address(
    database: str, kafka: str, after: str
) -> None:
    async with served(database, kafka=kafka) as api, httpx.AsyncClient(base_url=api) as client:
        await following(api)
        for path in ("/v1/stream", "/v1/changes"):
            answer = await client.get(path, params={"after": after})
            assert problem(answer, 400)["type"].endswith("invalid-place")
