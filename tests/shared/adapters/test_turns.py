import asyncio
from collections import Counter
from collections.abc import Iterator

from starlette.types import Message, Receive, Scope, Send

from shared.adapters.turns import BegunInTurn, Turns


class Rounds:
    """Counts the rounds of the event loop."""

    def __init__(self) -> None:
        self.now = 0
        self._count()

    def _count(self) -> None:
        self.now += 1
        asyncio.get_running_loop().call_soon(self._count)


async def test_a_hundred_that_work_at_once_work_in_as_many_rounds() -> None:
    rounds, turns = Rounds(), Turns()
    worked: Counter[int] = Counter()

    async def work() -> None:
        for _ in range(5):
            await turns.mine()
            worked[rounds.now] += 1

    await asyncio.gather(*[work() for _ in range(100)])
    assert worked.total() == 500
    assert set(worked.values()) == {1}


async def test_turns_go_round() -> None:
    turns = Turns()
    order: list[str] = []

    async def work(name: str) -> None:
        for _ in range(3):
            await turns.mine()
            order.append(name)

    await asyncio.gather(work("a"), work("b"), work("c"))
    # The first has worked before the others ask.
    assert "".join(order) == "a" + "abcabc" + "bc"


async def test_each_piece_is_made_in_its_turn_and_not_before() -> None:
    rounds, turns = Rounds(), Turns()
    made: Counter[int] = Counter()

    def pieces() -> Iterator[int]:
        for number in range(4):
            made[rounds.now] += 1
            yield number

    async def take() -> list[int]:
        return [piece async for piece in turns.each(pieces())]

    assert list(await asyncio.gather(take(), take())) == [[0, 1, 2, 3]] * 2
    assert set(made.values()) == {1}


async def test_who_leaves_while_waiting_takes_no_turn_from_the_others() -> None:
    turns = Turns()
    done: list[int] = []

    async def work(number: int) -> None:
        await turns.mine()
        done.append(number)

    tasks = [asyncio.create_task(work(number)) for number in range(20)]
    await asyncio.sleep(0)
    for task in tasks[1::2]:
        task.cancel()
    await asyncio.wait_for(asyncio.gather(*tasks, return_exceptions=True), 5)
    assert [number for number in done if number % 2 == 0] == list(range(0, 20, 2))
    await asyncio.wait_for(turns.mine(), 5)


async def test_requests_begin_one_a_round_and_the_question_for_health_at_once() -> None:
    rounds, turns = Rounds(), Turns()
    begun: dict[str, list[int]] = {"/v1/events": [], "/healthz": []}

    async def app(scope: Scope, _receive: Receive, _send: Send) -> None:
        begun[scope["path"]].append(rounds.now)

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    async def send(_message: Message) -> None:
        return

    served = BegunInTurn(app, turns)
    paths = ["/v1/events"] * 50 + ["/healthz"] * 3
    await asyncio.gather(*[served({"type": "http", "path": one}, receive, send) for one in paths])
    assert len(set(begun["/v1/events"])) == 50
    assert max(begun["/healthz"]) <= min(begun["/v1/events"])
