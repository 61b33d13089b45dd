"""What a campaign says: a line for each run as it ends, and tables at the end."""

import sys
from collections import Counter
from collections.abc import Sequence

from tests.campaign.run import Verdict


def say(text: str) -> None:
    """Write a line at once."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


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
        flag = " --short" if short else ""
        say(f"    again: python -m tests.campaign --seeds {verdict.plan.seed}{flag}")


def show(verdicts: Sequence[Verdict]) -> None:
    """Tell of all runs: how often each fault came, and with what it failed."""
    if not verdicts:
        return
    came: Counter[str] = Counter()
    failed: Counter[str] = Counter()
    for verdict in verdicts:
        kinds = [fault.kind for fault in verdict.plan.faults]
        came.update(kinds)
        failed.update(kinds if verdict.problems else ())
    say(f"\n{'fault':<24}{'times':>7}{'in runs that failed':>22}")
    for kind, times in sorted(came.items()):
        say(f"{kind:<24}{times:>7}{failed[kind]:>22}")
    bad = [verdict for verdict in verdicts if verdict.problems]
    say(
        f"\n{len(verdicts)} runs, {came.total()} faults, "
        f"{sum(verdict.messages for verdict in verdicts):,} messages, "
        f"{sum(verdict.violations for verdict in verdicts):,} violations; "
        f"at most {max(verdict.peak for verdict in verdicts) >> 20} MiB in a worker; "
        f"{len(bad)} failed"
    )
    for verdict in bad:
        say(f"FAILED {verdict.plan}")
