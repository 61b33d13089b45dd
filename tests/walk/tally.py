"""What the walk counts, and what it takes for a fault."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

import httpx
from typing_extensions import override

from shared.domain.principal import Role
from tests.walk.askers import OF_EACH, Asker

_SERVER_ERROR = 500

ENDLESS = frozenset({"/v1/stream"})
"""What never ends for those whom it admits: only the others ask for it."""


class Route(NamedTuple):
    """A route of a service, with the roles that it admits; none: anybody."""

    service: str
    method: str
    path: str
    roles: frozenset[Role]

    @override
    def __str__(self) -> str:
        return f"{self.method} {self.path}"


@dataclass
class Tally:
    """How often a service answered what, and which faults there were.

    `asked` has which routes were asked by whom, `taken` how often each was answered well.
    """

    statuses: Counter[tuple[str, int]] = field(default_factory=Counter)
    asked: set[tuple[Route, str]] = field(default_factory=set)
    taken: Counter[str] = field(default_factory=Counter)
    errors: list[str] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)

    @property
    def requests(self) -> int:
        """How many were answered."""
        return self.statuses.total()

    def note(self, route: Route, asker: Asker, answer: httpx.Response) -> None:
        """Count an answer, and what is wrong about it.

        Nothing is excused: all that a service can be told of is set up in the walk.
        """
        self.statuses[route.service, answer.status_code] += 1
        self.asked.add((route, asker.name))
        if answer.status_code < httpx.codes.BAD_REQUEST:
            self.taken[str(route)] += 1
        told = f"{asker.name}: {route}: {answer.request.url} {answer.status_code} "
        if answer.status_code >= _SERVER_ERROR:
            self.errors.append(told + answer.text[:300])
        elif fault := ignored(route, asker, answer):
            self.ignored.append(f"{fault}: {told}{answer.text[:300]}")

    def missed(self, routes: Iterable[Route], circles: Iterable[Iterable[Asker]]) -> list[str]:
        """Give who has not asked which route, of all who must."""
        everybody = {asker.name: asker for circle in circles for asker in circle}.values()
        return [
            f"{asker.name} did not ask {route.service} {route}"
            for route in routes
            for asker in everybody
            if may_ask(route, asker) and (route, asker.name) not in self.asked
        ]

    def lines(self) -> list[str]:
        """Say what was found; the last line says it all."""
        services, statuses = Counter[str](), Counter[int]()
        for (service, status), count in sorted(self.statuses.items()):
            services[service] += count
            statuses[status] += count
        found = f"{len(self.errors)} server errors, {len(self.ignored)} ignored authentication"
        changed = {route: n for route, n in sorted(self.taken.items()) if route[:3] != "GET"}
        return [
            *self.errors,
            *self.ignored,
            f"taken, of what changes something: {changed}",
            f"by status: {dict(sorted(statuses.items()))}",
            f"by service: {dict(services)}",
            f"{self.requests} requests by {OF_EACH} of each role and by strangers, {found}",
        ]


def may_ask(route: Route, asker: Asker) -> bool:
    """Say whether an answer to somebody ends."""
    return route.path not in ENDLESS or asker.role not in route.roles


def ignored(route: Route, asker: Asker, answer: httpx.Response) -> str | None:
    """Say how an answer takes somebody for another than who asked; None where it does not."""
    status = answer.status_code
    unknown = status == httpx.codes.UNAUTHORIZED
    refused = status == httpx.codes.FORBIDDEN and "This takes one of the roles" in answer.text
    if not route.roles:
        return "asks who it is" if unknown or refused else None
    if asker.role is None:
        return None if unknown else "answers nobody"
    if unknown:
        return "knows no key"
    if asker.role not in route.roles:
        return "ignores the role" if status < httpx.codes.BAD_REQUEST else None
    return "refuses a role" if refused else None
