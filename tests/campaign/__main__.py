"""A campaign of faults under load: `python -m tests.campaign`.

Ten seeds are two hundred faults, every kind as often as any other; each seed is a run of its own
with the checks at its end, and takes some six minutes. Shows each fault as it comes, a line for
each run and a table at the end; ends with 1 if something did not hold, and says how to run it again
and where what is left of it lies.
"""

import argparse
import asyncio
import logging
import shutil
import signal
import sys
import tempfile
from pathlib import Path

from tests.campaign import report
from tests.campaign.load import Publisher
from tests.campaign.plan import SHORT, Plan, Scale, plan
from tests.campaign.report import Progress
from tests.campaign.run import Verdict, run
from tests.campaign.servers import Servers, started

RUNS = Path(__file__).parents[2] / ".vbp" / "campaign"
NEEDS_DISK = frozenset({"disk full"})


def seeds(text: str) -> list[int]:
    """Read `7`, `0-9` or `3,5,8-9`."""
    found: list[int] = []
    for part in text.split(","):
        first, _, last = part.partition("-")
        found += range(int(first), int(last or first) + 1)
    return found


async def campaign(given: argparse.Namespace) -> int:
    """Run all seeds, one after the other, on servers of our own; gives the exit code."""
    RUNS.mkdir(parents=True, exist_ok=True)
    directory = Path(tempfile.mkdtemp(dir=RUNS))
    verdicts: list[Verdict] = []
    try:
        async with started(directory) as servers:
            await _runs(given, servers, verdicts)
            await Publisher.drop(servers.bootstrap)
    finally:
        report.show(verdicts)
        bad = [verdict for verdict in verdicts if verdict.problems]
        if bad:
            shutil.rmtree(directory / "kafka", ignore_errors=True)
            report.say(f"\nWhat was told, all tables and the logs: {directory / 'logs'}. Again:")
        else:
            shutil.rmtree(directory, ignore_errors=True)
        for verdict in bad:
            report.say(f"  {report.again(verdict, short=given.short)}")
    return 1 if not verdicts or bad else 0


async def _runs(given: argparse.Namespace, servers: Servers, verdicts: list[Verdict]) -> None:
    without = frozenset() if servers.has_disk else NEEDS_DISK
    if without:
        report.say("no disk can be filled: only root may mount a small one; that fault is left out")
    scale = SHORT if given.short else Scale()
    progress = Progress(scale.faults * len(given.seeds))
    for number, seed in enumerate(given.seeds, 1):
        if given.minutes and progress.seconds > given.minutes * 60:
            report.say(f"{given.minutes} minutes have passed: {len(given.seeds) - number + 1} left")
            return
        drawn: Plan = plan(seed, scale, without=without)
        report.say(f"[{number}/{len(given.seeds)}] {drawn}")
        verdict = await run(drawn, servers, progress.came)
        verdicts.append(verdict)
        report.line(verdict, short=given.short)
        if not verdict.problems:
            shutil.rmtree(servers.logs / f"seed-{seed}", ignore_errors=True)


def main() -> int:
    """Read what is wanted, and run it until done or stopped."""
    parser = argparse.ArgumentParser(prog="python -m tests.campaign", description=__doc__)
    parser.add_argument("--seeds", type=seeds, default=seeds("0-9"), help="0-9, or 3,5,8-9")
    parser.add_argument("--minutes", type=float, help="begin no run after so many")
    parser.add_argument("--short", action="store_true", help="small loads and short faults")
    given = parser.parse_args()
    for name in ("aiokafka", "asyncio"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    return asyncio.run(_stoppable(given))


async def _stoppable(given: argparse.Namespace) -> int:
    """Run until done; Ctrl-C and SIGTERM end it in order, with a report of what was done."""
    task = asyncio.ensure_future(campaign(given))
    for request in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(request, task.cancel)
    try:
        return await task
    except asyncio.CancelledError:
        report.say("stopped")
        return 130


if __name__ == "__main__":
    sys.exit(main())
