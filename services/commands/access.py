"""`vbp audit access`: who asked the compliance service what."""

from datetime import UTC, datetime, timedelta

from rich.table import Table

from services.commands.on_database import on_database
from services.commands.terminal import say, show
from services.compliance.findings.words import shanghai
from services.compliance.settings import Settings
from shared.adapters.identity import access
from shared.adapters.identity.access import ACTS
from shared.domain.errors import InvalidArgumentError
from shared.domain.texts import plain


def show_access(
    settings: Settings, subject: str | None, act: str | None, days: int, at_most: int
) -> None:
    """Print the last requests, of somebody or of all, of an act or of any."""
    if act is not None and act not in ACTS:
        raise InvalidArgumentError(f"--act: {act!r} is none. Known are: {', '.join(ACTS)}")
    since = datetime.now(UTC) - timedelta(days=days)
    found = on_database(
        settings, lambda connection: access.last(connection, subject, act, since, at_most)
    )
    if not found:
        say("Nobody asked anything of it")
        return
    table = Table("at", "who", "did", "what", "status")
    for one in found:
        asked = f"{one.method} {one.path}" + (f"?{one.query}" if one.query else "")
        table.add_row(shanghai(one.at), plain(one.subject), one.act, plain(asked), str(one.status))
    show(table)
