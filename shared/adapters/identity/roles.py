"""Which roles a route admits: each says so, or the application cannot be made.

Pass `admits(...)`, or `OPEN`, as the first of a route's `dependencies=`; who asks is an argument of
the type `Asker`.
"""

from collections.abc import Iterator
from typing import Annotated, Any, NamedTuple

from fastapi import Depends, FastAPI, Request
from fastapi.routing import iter_route_contexts

from shared.adapters.problems import ProblemError
from shared.domain.principal import OVERSEERS, Principal, Role, may_do

PRINCIPAL = "vbp.principal"
"""The key of a request's scope with the principal; absent where nobody was identified."""

AGAIN = "vbp.again"
"""The key of a request's scope with what finds out anew who sent it, beside the principal."""

DOCUMENTATION = frozenset(
    {"/openapi.json", "/docs", "/docs/oauth2-redirect", "/redoc", "/static-offline-docs"}
)
"""The routes of FastAPI's documentation, which says what this version can do, and nothing else."""


def principal_of(request: Request) -> Principal:
    """Give who asks; raises ProblemError (401) where nobody was identified."""
    found = request.scope.get(PRINCIPAL)
    if not isinstance(found, Principal):
        raise unidentified("Nobody was identified")
    return found


Asker = Annotated[Principal, Depends(principal_of)]
"""Who asks, as an argument of a route."""


def unidentified(detail: str, *, error: str = "") -> ProblemError:
    """Make the problem of a request that does not show who asks; `error` as RFC 6750 names it."""
    challenge = 'Bearer realm="vbp"' + (f', error="{error}"' if error else "")
    return ProblemError(401, "unidentified", detail, headers={"WWW-Authenticate": challenge})


class Admission:
    """Lets a request through that somebody with one of some roles has sent; none: anybody."""

    def __init__(self, roles: frozenset[Role]) -> None:
        self.roles = roles

    def __call__(self, request: Request) -> None:
        """Raise ProblemError (401, 403) for all others."""
        if not self.roles:
            return
        asker = principal_of(request)
        if not may_do(asker, self.roles):
            wanted = ", ".join(sorted(self.roles))
            had = ", ".join(sorted(asker.roles)) or "none"
            detail = f"This takes one of the roles {wanted}; {asker.subject} has {had}"
            raise ProblemError(403, "forbidden", f"{detail}. Ask the operator for another key")


def admits(*roles: Role) -> Any:
    """Declare the roles that a route admits: one of them is enough."""
    if not roles:
        raise ValueError("name a role, or declare the route OPEN")
    return Depends(Admission(frozenset(roles)))


OPEN = Depends(Admission(frozenset()))
"""Declares a route that anybody may ask, without showing who."""

OVERSEEN = admits(*OVERSEERS)
"""Declares a route for those who see what concerns any party."""

IDENTIFIED = admits(*Role)
"""Declares a route for all whom we know."""


class Declared(NamedTuple):
    """A route and the roles that it admits; no roles: anybody."""

    method: str
    path: str
    roles: frozenset[Role]


def declared(app: FastAPI) -> Iterator[Declared]:
    """Give all routes but the documentation's; raises TypeError for one that declares no role."""
    for route in iter_route_contexts(app.routes):
        if route.path in DOCUMENTATION:
            continue
        dependencies = getattr(getattr(route, "dependant", None), "dependencies", [])
        found = [one.call for one in dependencies if isinstance(one.call, Admission)]
        if len(found) != 1 or route.path is None:
            raise TypeError(f"{route.path}: declares {len(found)} times whom it admits, not once")
        for method in sorted(route.methods or ()):
            yield Declared(method, route.path, found[0].roles)
