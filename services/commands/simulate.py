"""`vbp simulate`: writes the events of a province that never was, and what must be found in it."""

import msgspec
from rich.progress import TaskID

from services.commands.archives import STANDARD, written
from services.commands.terminal import counted, counting, say
from services.sources.province import Plan, simulate

EVERY = 1_000


def run(plan: Plan, out: str, truth: str | None) -> int:
    """Write the archive, and the planted violations as NDJSON; gives the number of events."""
    province = simulate(plan)
    count = 0
    with written(out) as write, counting(None, "Simulating") as progress:
        for count, line in enumerate(province.events, 1):
            write(line)
            if not count % EVERY:
                progress.update(TaskID(0), completed=count)
    if truth is not None:
        with written(truth) as write:
            write(msgspec.json.Encoder().encode_lines(province.truth))
    say(
        f"{counted(count, 'event')} until {plan.end.isoformat()}, "
        f"{counted(len(province.truth), 'violation')} planted"
    )
    if out != STANDARD:
        say(f"Judge them: vbp replay {out} --as-of {plan.end.isoformat()}")
    return count
