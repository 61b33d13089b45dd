"""What a campaign says: a line for each fault as it comes and each run as it ends, and a table."""

import sys
import time
from collections import Counter
from collections.abc import Sequence

from tests.campaign import poison
from tests.campaign.faults import Fault
from tests.campaign.run import Verdict


def say(text: str) -> None:
    """Write a line at once."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


class Progress:
    """Tells of each fault which one of all it is, and after how many minutes it comes."""

    def __init__(self, faults: int) -> None:
        self._faults = faults
        self._came = 0
        self._began = time.monotonic()

    @property
    def seconds(self) -> float:
        """How long it has taken so far."""
        return time.monotonic() - self._began

    def came(self, fault: Fault) -> None:
        """Tell of a fault that comes now."""
        self._came += 1
        minutes, seconds = divmod(int(self.seconds), 60)
        say(f"{self._came:>5}/{self._faults}{minutes:>5}:{seconds:02}  {fault}")


def line(verdict: Verdict, *, short: bool) -> None:
    """Tell how a run ended."""
    figures = (
        f"{verdict.messages:,} messages, {verdict.violations} violations, "
        f"{verdict.withdrawn} withdrawn, {verdict.peak >> 20} MiB, "
        f"settled in {verdict.settling:.0f} s, {verdict.seconds:.0f} s in all"
    )
    say(f"    {'FAILED' if verdict.problems else 'held'}: {figures}")
    for problem in verdict.problems:
        say(f"    - {problem}")
    if verdict.problems:
        say(f"    again: {again(verdict, short=short)}")


def again(verdict: Verdict, *, short: bool) -> str:
    """Give the command that repeats a run."""
    flag = " --short" if short else ""
    return f"python -m tests.campaign --seeds {verdict.plan.seed}{flag}"


def show(verdicts: Sequence[Verdict]) -> None:
    """Tell of all runs: of each kind of fault how many held, and how many were in a failed run."""
    if not verdicts:
        return
    came: Counter[str] = Counter()
    failed: Counter[str] = Counter()
    for verdict in verdicts:
        kinds = [fault.kind for fault in verdict.plan.faults]
        came.update(kinds)
        failed.update(kinds if verdict.problems else ())
    say(f"\n{'fault':<24}{'planted':>9}{'held':>8}{'failed':>8}")
    for kind, times in sorted(came.items()):
        say(f"{kind:<24}{times:>9}{times - failed[kind]:>8}{failed[kind]:>8}")
    bad = [verdict for verdict in verdicts if verdict.problems]
    say(
        f"{'in all':<24}{came.total():>9}{came.total() - failed.total():>8}{failed.total():>8}\n"
        f"\n{len(verdicts)} runs, {len(bad)} failed; "
        f"{sum(verdict.messages for verdict in verdicts):,} messages, {poison.SHARE:.0%} of them "
        f"poison; {sum(verdict.violations for verdict in verdicts):,} violations; "
        f"at most {max(verdict.peak for verdict in verdicts) >> 20} MiB in a worker; "
        f"{sum(verdict.seconds for verdict in verdicts) / 60:.0f} minutes"
    )
