"""Archives judged by several processes: nothing may differ from what one process says."""

import gzip
import json
import os
import random
from pathlib import Path
from typing import NoReturn

import pytest

from services.commands import replay_processes
from services.commands.replay_processes import PACKED, PROCESSES_AT_MOST, WORTH, processes
from services.commands.replay_shares import Share
from services.compliance.judging.subjects import ON_ORDERS
from shared.domain import topics
from shared.domain.cloudevents import read_structured
from shared.domain.errors import InvalidEventError
from tests.support.command_line import UNTIL, Result, Vbp

ON_ORDERS_SAID = tuple(
    f'"{kind}"'.encode() for kind, data in topics.DATA_OF.items() if data in ON_ORDERS
)


@pytest.fixture
def province(vbp: Vbp, tmp_path: Path) -> list[bytes]:
    """The lines of a small province."""
    small = ("--hospitals", 30, "--days", 90, "--orders", 2_000, "--until", UNTIL)
    assert vbp("simulate", *small, "--out", "province").code == 0
    return (tmp_path / "province").read_bytes().splitlines(keepends=True)


def on_orders(lines: list[bytes]) -> list[bytes]:
    """The lines that are about an order."""
    return [line for line in lines if any(kind in line for kind in ON_ORDERS_SAID)]


def odd(lines: list[bytes], chance: random.Random) -> list[bytes]:
    """The same events, some of them written as nobody writes them, and lines to be refused."""
    chosen = chance.sample(on_orders(lines), 700)
    spelt = {line: oddly(line, number) for number, line in enumerate(chosen)}
    others = [line for line in lines if line not in spelt]
    named = [line.replace(b'"data":{', b'"data":{"order":"O1",', 1) for line in others[:80]]
    bad = [line.replace(b'"time":"2', b'"time":"x', 1) for line in chosen[:40]]
    bad += [b"nonsense\n", b"\n", b"\xff\n", b'{"order":"O1"}\n', b'"vbp.order.placed.v1"\n']
    bad += [chosen[0].replace(b'"jurisdiction":"cn-sx"', b'"jurisdiction":"cn-xx"')]
    return [*others[80:], *named, *spelt.values(), *bad, *chosen[:50]]


def oddly(line: bytes, number: int) -> bytes:
    """One event in another spelling of the same JSON, or with fields that nobody knows."""
    event = json.loads(line)
    match number % 7:
        case 0:
            return line.replace(b'"order":', b'"\\u006frder":', 1)
        case 1:
            return line.replace(b'"data":{', b'"data":{"order":"elsewhere",', 1)
        case 2:
            event["data"] = {"unknown": {"order": "elsewhere"}, **event["data"]}
        case 3:
            hidden = line.replace(b'"order":', b'"\\u006frder":', 1)
            return hidden.replace(b'"data":{', b'"data":{"unknown":{"order":"elsewhere"},', 1)
        case 4:
            event["data"]["unknown"] = 'says "order":"elsewhere"'
        case 5:
            event["note"] = "vbp.product.selected.v1"
        case _:
            event["order"] = "elsewhere"
    return json.dumps(event, ensure_ascii=number % 2 == 0).encode() + b"\n"


def replayed(
    vbp: Vbp, monkeypatch: pytest.MonkeyPatch, processors: int, *files: str
) -> tuple[Result, list[str]]:
    """What a replay on so many processors says, and its stderr but for the time it took."""
    monkeypatch.setattr(replay_processes, "WORTH", 0)
    monkeypatch.setattr(os, "cpu_count", lambda: processors)
    told = vbp("replay", *files, "--as-of", "2026-02-20T00:00:00Z")
    spoken = told.err.splitlines()
    return told, [line.split(" judged in ")[0] for line in spoken]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_three_processes_say_to_the_byte_what_one_says_however_lines_are_spelt_and_ordered(
    vbp: Vbp, province: list[bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    chance = random.Random(seed)
    lines = odd(province, chance)
    chance.shuffle(lines)
    half = len(lines) // 2
    (tmp_path / "a").write_bytes(b"".join(lines[:half]))
    (tmp_path / "b.gz").write_bytes(gzip.compress(b"".join(lines[half:])))
    alone, said_alone = replayed(vbp, monkeypatch, 1, "a", "b.gz")
    together, said_together = replayed(vbp, monkeypatch, 3, "a", "b.gz")
    assert alone.code == together.code == 0
    assert len(alone.found) > 100
    assert together.out == alone.out
    assert said_together == said_alone
    assert "45 lines refused, see above" in said_alone, [
        s for s in said_alone if ": time:" not in s
    ]
    assert any("left out, told after --as-of" in line for line in said_alone)


def test_a_line_is_passed_over_only_by_shares_that_do_not_own_its_event(
    province: list[bytes],
) -> None:
    shares = [Share(number, 3) for number in range(3)]
    sure = 0
    for line in odd(province, random.Random(4))[:-60]:
        reading = [share for share in shares if not share.passes(line)]
        assert sum(share.answers_for(line) for share in shares) == 1
        sure += len(reading) == 1
        try:
            event = read_structured(line)
        except InvalidEventError:
            continue
        (owner,) = (share for share in shares if share.owns(event))
        assert owner in reading
        assert len(reading) == 3 or type(event.data) in ON_ORDERS
    assert sure > 0.9 * len(on_orders(province))


def test_a_damaged_archive_is_named_once_with_the_refusals_before_its_end(
    vbp: Vbp, province: list[bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    packed = gzip.compress(b"".join([b"nonsense\n", *province]))
    (tmp_path / "a.gz").write_bytes(packed[: len(packed) // 2])
    alone, said_alone = replayed(vbp, monkeypatch, 1, "a.gz")
    together, said_together = replayed(vbp, monkeypatch, 3, "a.gz")
    assert alone.code == together.code == 2
    assert said_together == said_alone
    assert len(said_alone) == 2


def test_a_process_that_dies_is_a_failure_and_never_half_an_answer(
    vbp: Vbp, province: list[bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(*_: object) -> NoReturn:
        os._exit(9)

    (tmp_path / "a").write_bytes(b"".join(province[:500]))
    monkeypatch.setattr(replay_processes.Archive, "answer", die)
    told, (said,) = replayed(vbp, monkeypatch, 2, "a")
    assert (told.code, told.out) == (1, "")
    assert "ended before it was done" in said


def test_only_large_files_that_can_be_read_again_are_shared_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 64)
    large, small, packed = (str(tmp_path / name) for name in ("large", "small", "packed"))
    Path(large).write_bytes(b" " * WORTH)
    Path(small).write_bytes(b" " * (WORTH - 1))
    Path(packed).write_bytes(b"\x1f\x8b" + b" " * (WORTH // PACKED))
    pipe = str(tmp_path / "pipe")
    os.mkfifo(pipe)
    assert [processes([name]) for name in (large, packed)] == [PROCESSES_AT_MOST] * 2
    assert [processes([name]) for name in (small, "-", "nowhere")] == [1] * 3
    assert processes([large, "-"]) == processes([large, pipe]) == 1
