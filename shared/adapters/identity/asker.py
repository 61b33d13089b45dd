"""Who asks, for whatever reads on behalf of a request: set for as long as it is answered."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from shared.domain.errors import ForbiddenError
from shared.domain.principal import Principal

ASKER: ContextVar[Principal | None] = ContextVar("ASKER", default=None)
"""The principal of the request at hand; None outside of requests, and at routes open to anybody."""


def confined() -> Principal | None:
    """Give who asks, if there is anything that it may not see."""
    asker = ASKER.get()
    if asker is None or (asker.oversees and asker.jurisdictions is None):
        return None
    return asker


@contextmanager
def everything() -> Iterator[None]:
    """Read as if nobody asked: for what was checked otherwise to concern who asks."""
    token = ASKER.set(None)
    try:
        yield
    finally:
        ASKER.reset(token)


@contextmanager
def whole_service() -> Iterator[None]:
    """Read what shows the service as a whole, all jurisdictions together.

    Raises ForbiddenError where who asks may see only some of them.
    """
    asker = ASKER.get()
    if asker is not None and asker.jurisdictions is not None:
        raise ForbiddenError(
            "This shows all jurisdictions together. Ask somebody who may see all of them"
        )
    with everything():
        yield
