"""Who asks, for whatever reads on behalf of a request: set for as long as it is answered."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

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
