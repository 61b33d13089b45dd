"""`vbp sessions`: sessions of people who signed in at the console, ended."""

import asyncio

from services.commands.terminal import counted, say
from services.compliance.settings import Settings
from shared.adapters.identity.sessions import Sessions
from shared.domain.errors import InvalidArgumentError

_PERSON = "person:"


def end(settings: Settings, subject: str) -> None:
    """End all sessions of somebody; raises InvalidArgumentError for who never signs in."""
    if not subject.startswith(_PERSON):
        remedy = f"People who sign in are written {_PERSON}NAME: {_PERSON}{subject}"
        raise InvalidArgumentError(f"SUBJECT: {subject!r} names nobody. {remedy}")
    ended = asyncio.run(_ended(settings.database, subject))
    say(f"{counted(ended, 'session')} of {subject} ended. Who may sign in says the issuer")


async def _ended(dsn: str, subject: str) -> int:
    async with Sessions(dsn) as sessions:
        return await sessions.end_all(subject)
