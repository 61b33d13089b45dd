"""`vbp sessions`: sessions of people who signed in at the console, ended."""

import asyncio

from services.commands.terminal import counted, say
from services.compliance.settings import Settings
from shared.adapters.identity.sessions import Sessions


def end(settings: Settings, subject: str) -> None:
    """End all sessions of somebody."""
    ended = asyncio.run(_ended(settings.database, subject))
    say(f"{counted(ended, 'session')} of {subject} ended. Who may sign in says the issuer")


async def _ended(dsn: str, subject: str) -> int:
    async with Sessions(dsn) as sessions:
        return await sessions.end_all(subject)
