"""Whom the routes of compliance admit."""

from shared.adapters.identity.roles import admits
from shared.domain.principal import OVERSEERS, Role

SEEN = admits(*OVERSEERS, Role.PARTY)
"""To what concerns parties: a party sees what concerns itself."""

WATCHED = admits(*OVERSEERS, Role.OPERATOR)
"""To how far the service is, and what it could not take."""

OFFICIALS = admits(Role.OFFICER, Role.REVIEWER)
"""To what officials do."""

CONCERNED = admits(Role.OFFICER, Role.REVIEWER, Role.PARTY)
"""To what officials do, and the accused of their own."""
