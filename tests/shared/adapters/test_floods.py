import io
import json
import logging

import pytest

from shared.adapters import floods, logs
from shared.adapters.floods import OnceAMinute


def line(name: str, level: int = logging.ERROR, node: int = 1) -> logging.LogRecord:
    return logging.LogRecord(name, level, "", 0, "cannot connect to %s", (node,), None)


def test_a_line_goes_out_once_a_minute_and_says_what_was_held_back() -> None:
    now = [0.0]
    once = OnceAMinute(("aiokafka",), lambda: now[0])
    assert once.filter(line("aiokafka.client"))
    assert not any(once.filter(line("aiokafka.client", node=node)) for node in range(7))
    now[0] = floods.EVERY
    again = line("aiokafka.client")
    assert once.filter(again)
    assert vars(again)["repeated"] == 7


@pytest.mark.parametrize(
    "other",
    [
        line("aiokafka.client", logging.INFO),
        line("aiokafka.consumer"),
        line("services.compliance"),
        line("aiokafkalike"),
    ],
)
def test_what_is_quieter_or_said_by_others_is_never_held_back(other: logging.LogRecord) -> None:
    once = OnceAMinute(("aiokafka",), lambda: 0.0)
    once.filter(line("aiokafka.client"))
    assert once.filter(other)
    if not other.name.startswith("aiokafka."):
        assert once.filter(other)


def test_lines_that_are_always_new_do_not_pile_up() -> None:
    once = OnceAMinute(("mode",), lambda: 0.0)
    for number in range(floods.KEPT_APART * 3):
        record = line("mode")
        record.msg = f"made anew {number}"
        assert once.filter(record)
    assert len(vars(once)["_told"]) <= floods.KEPT_APART


def test_the_log_of_a_process_is_not_flooded() -> None:
    stream = io.StringIO()
    logs.configure("INFO", stream)
    for node in range(50):
        logging.getLogger("aiokafka").error("Unable connect to node with id %s", node)
    (told,) = map(json.loads, stream.getvalue().splitlines())
    assert told["event"] == "Unable connect to node with id 0"
