"""The workers of a campaign: hired, dismissed, killed, frozen; whoever dies alone is noted."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from random import Random

import psutil

from deploy.local.processes import spawn, tail
from tests.support.workers.in_process import RUN, free_port

LEAVE_WITHIN = 60.0
LOOK = 0.25

MEANT = {0, -signal.SIGKILL, -signal.SIGTERM}
"""How a worker may end that was ended: SIGTERM itself ends one that has hardly begun."""

WRONG_CLOCK = """
import datetime
from services.compliance.worker import broker_time

class Wrong(datetime.datetime):
    @classmethod
    def now(cls, zone):
        return datetime.datetime.now(zone) + datetime.timedelta(seconds={seconds})

broker_time.datetime = Wrong
"""


class Hand:
    """One worker process, and whether its end is meant."""

    def __init__(self, child: "subprocess.Popen[bytes]", log: Path, *, clock: float) -> None:
        self.child = child
        self.process = psutil.Process(child.pid)
        self.log = log
        self.clock = clock
        self.is_doomed = False
        self.peak = 0

    @property
    def lives(self) -> bool:
        return self.child.poll() is None

    def ports(self) -> set[int]:
        """Give the ports from which it speaks over TCP now."""
        with suppress(psutil.Error):
            return {one.laddr.port for one in self.process.net_connections("tcp")}
        return set()

    def send(self, what: signal.Signals) -> None:
        if self.lives:
            self.child.send_signal(what)

    def end(self, how: signal.Signals) -> None:
        """End it on purpose; one that is stopped hears it too."""
        self.is_doomed = True
        self.send(how)
        self.send(signal.SIGCONT)


class Crew:
    """Hires workers for one database, and watches over them."""

    def __init__(self, environment: Mapping[str, str], logs: Path) -> None:
        self._environment = environment
        self.logs = logs
        self.hands: list[Hand] = []
        self.hired = 0

    @property
    def living(self) -> list[Hand]:
        """Those who live and are meant to go on."""
        return [hand for hand in self.hands if hand.lives and not hand.is_doomed]

    def hire(self, *, clock: float = 0) -> Hand:
        """Start a worker; `clock` is by how many seconds its clock is ahead."""
        self.hired += 1
        log = self.logs / f"worker-{self.hired}.log"
        before = WRONG_CLOCK.format(seconds=clock) if clock else ""
        child = spawn(
            [sys.executable, "-c", before + RUN],
            log=log,
            death_signal=signal.SIGKILL,
            environment={
                **os.environ,
                **self._environment,
                "VBP_METRICS_PORT": str(free_port()),
                "VBP_LOG_LEVEL": "warning",
            },
        )
        hand = Hand(child, log, clock=clock)
        self.hands.append(hand)
        return hand

    def draw(self, chance: Random) -> Hand | None:
        """Choose one of those who live."""
        return chance.choice(self.living) if self.living else None

    async def watch(self) -> None:
        """Note the memory of all until cancelled."""
        while True:
            for hand in self.hands:
                if hand.lives:
                    with suppress(psutil.Error):
                        hand.peak = max(hand.peak, hand.process.memory_info().rss)
            await asyncio.sleep(LOOK)

    def deaths(self) -> list[str]:
        """Tell of those who died though nobody ended them, or ended otherwise than asked."""
        told = []
        for hand in self.hands:
            code = hand.child.poll()
            if code is None or (hand.is_doomed and code in MEANT):
                continue
            told.append(f"a worker ended with {code}: {tail(hand.log)}")
        return told

    @property
    def peak(self) -> int:
        """The most memory that one of them had, in bytes."""
        return max((hand.peak for hand in self.hands), default=0)

    async def right_hands_only(self) -> None:
        """Dismiss those whose clocks are wrong, wake the rest, and have at least one."""
        for hand in self.living:
            hand.send(signal.SIGCONT)
            if hand.clock:
                hand.end(signal.SIGTERM)
        if not self.living:
            self.hire()

    async def dismiss(self) -> None:
        """End all, and wait for those who were asked to leave; the slow ones are killed."""
        for hand in self.hands:
            if hand.lives:
                hand.end(signal.SIGTERM)
        for hand in self.hands:
            try:
                await asyncio.to_thread(hand.child.wait, LEAVE_WITHIN)
            except subprocess.TimeoutExpired:
                hand.child.kill()
                await asyncio.to_thread(hand.child.wait)

    def kill(self) -> None:
        """End all at once, whatever they do."""
        for hand in self.hands:
            if hand.lives:
                hand.end(signal.SIGKILL)
                hand.child.wait()
