"""Asks a door whether it is healthy, in a process of its own: the attacker must not slow it."""

import http.client
import time
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import NamedTuple

EVERY = 0.05
"""Seconds between an answer and the next question."""


class Answered(NamedTuple):
    """Seconds from a question to its answer, and how long the door had the processor meanwhile.

    On a quiet machine both are the same; on a busy one the second still tells what the door did
    before it answered.
    """

    waited: float
    worked: float


def ask(port: int, pid: int, end: Event, told: "Queue[list[Answered]]") -> None:
    """Ask /healthz over one connection from an address of our own; tells of all answers."""
    connection = http.client.HTTPConnection("127.0.0.1", port, 60, ("127.0.0.9", 0))
    answers: list[Answered] = []
    while not end.is_set():
        began, work = time.perf_counter(), _on_processor(pid)
        connection.request("GET", "/healthz")
        assert connection.getresponse().read()
        answers.append(Answered(time.perf_counter() - began, _on_processor(pid) - work))
        time.sleep(EVERY)
    told.put(answers)


def _on_processor(pid: int) -> float:
    """Give for how many seconds the main thread of a process has run so far (Linux)."""
    return int(Path(f"/proc/{pid}/schedstat").read_text("ascii").split()[0]) / 1e9
