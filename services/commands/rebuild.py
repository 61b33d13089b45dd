"""`vbp rebuild`: makes the records of the compliance service anew from the facts that it kept."""

import asyncio

from rich.progress import TaskID

from services.commands.terminal import counted, counting, say
from services.compliance.policies import policy
from services.compliance.settings import Settings
from services.compliance.storage.rebuild import rebuild
from shared.domain.texts import plain

SHOWN = 10


def run(settings: Settings) -> None:
    """Rebuild, and say what comes next."""
    with counting(None, "Reading facts") as progress:
        done = asyncio.run(
            rebuild(
                settings,
                policy.load(calendars=settings.calendars),
                lambda read, total: progress.update(TaskID(0), completed=read, total=total),
            )
        )
    for refused in done.refused[:SHOWN]:
        say(f"An earlier version took what this one does not: {plain(refused)}")
    if len(done.refused) > SHOWN:
        say(f"and {counted(len(done.refused) - SHOWN, 'fact')} more like it")
    say(
        f"{counted(done.records, 'record')} made anew from {counted(done.facts, 'fact')}. "
        "Start the worker: it judges them again"
    )
    if done.aside:
        say(
            f"{counted(done.aside, 'record')} set aside still: this version fails on them too. "
            "/v1/status names them, with the error; report it"
        )
