"""`vbp keys`: the API keys of machines, made, listed, taken back."""

import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from rich.table import Table

from services.commands.on_database import on_database
from services.commands.terminal import counted, say, show
from services.compliance.policies import policy
from services.compliance.settings import Settings
from shared.adapters.identity import keys
from shared.adapters.identity.keys import Key, Wanted
from shared.domain.errors import InvalidArgumentError
from shared.domain.principal import Party, Role, party_of, source_of


def create(  # noqa: PLR0913, PLR0917  # one an option
    settings: Settings,
    holder: str,
    roles: Sequence[str],
    jurisdictions: Sequence[str],
    parties: Sequence[str],
    sources: Sequence[str],
    days: int,
) -> None:
    """Make a key and print it, for the only time."""
    known = policy.load().jurisdictions
    for place in jurisdictions:
        if place not in known:
            problem = f"--jurisdiction: {place!r} has no policy"
            raise InvalidArgumentError(f"{problem}. Known are: {', '.join(sorted(known))}")
    now = datetime.now(UTC)
    own = frozenset(map(_party, parties))
    told = frozenset(map(_role, roles))
    usual = {source_of(party) for party in own} if Role.PUBLISHER in told else set()
    wanted = Wanted(
        holder,
        told,
        frozenset(jurisdictions) or None,
        own,
        frozenset({*sources, *usual}),
        now + timedelta(days=days),
    )
    key = on_database(settings, lambda connection: keys.create(connection, wanted, now))
    say(f"A key of {holder}, taken until {wanted.expires_at:%Y-%m-%d}. It is shown this once:")
    sys.stdout.write(f"{key}\n")
    sys.stdout.flush()
    say("Send it as the header `Authorization: Bearer KEY`")


def show_keys(settings: Settings) -> None:
    """Print all keys, without what opens anything."""
    found = on_database(settings, keys.listed)
    if not found:
        say("No keys yet; `vbp keys create` makes one")
        return
    table = Table("id", "holder", "roles", "jurisdictions", "its own", "taken until", "last used")
    now = datetime.now(UTC)
    for key in found:
        table.add_row(*_row(key, now))
    show(table)


def revoke(settings: Settings, ids: Sequence[str]) -> None:
    """Take keys no more."""
    now = datetime.now(UTC)
    on_database(settings, lambda connection: keys.revoke(connection, ids, now))
    say(f"{counted(len(ids), 'key')} revoked; services that run take none of them in 30 s")


def _role(name: str) -> Role:
    try:
        return Role(name)
    except ValueError:
        known = ", ".join(role.value for role in Role)
        raise InvalidArgumentError(f"--role: {name!r} is none. Known are: {known}") from None


def _party(text: str) -> Party:
    try:
        return party_of(text)
    except ValueError as error:
        raise InvalidArgumentError(f"--party: {error}") from None


def _row(key: Key, now: datetime) -> tuple[str, ...]:
    principal = key.principal
    until = f"{key.expires_at:%Y-%m-%d}"
    if key.revoked_at is not None:
        until = f"revoked {key.revoked_at:%Y-%m-%d}"
    elif not key.live(now):
        until = f"expired {until}"
    return (
        key.id,
        principal.subject.removeprefix("key:"),
        " ".join(sorted(principal.roles)),
        "all" if principal.jurisdictions is None else " ".join(sorted(principal.jurisdictions)),
        " ".join(sorted(principal.sources or ())),
        until,
        "never" if key.used_on is None else key.used_on.isoformat(),
    )
