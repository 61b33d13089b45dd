"""Whether who asked is still who they were, while an answer goes on that has no end of its own."""

import time
from collections.abc import Callable
from typing import Final

from starlette.requests import Request

from shared.adapters.identity.roles import AGAIN, PRINCIPAL
from shared.adapters.problems import ProblemError
from shared.domain.errors import SetupError, TransientError

EVERY: Final = 15.0
"""Seconds after which it is found out anew: so much longer than in other answers a key that was
revoked, a token that has expired, or a session that was ended may be answered."""


class Standing:
    """Whether who sent a request would be taken for the same if they sent it now."""

    def __init__(self, request: Request, clock: Callable[[], float] = time.monotonic) -> None:
        self._identify = request.scope[AGAIN]
        self._principal = request.scope[PRINCIPAL]
        self._clock = clock
        self._looked = clock()

    async def holds(self) -> bool:
        """Say whether; while it cannot be found out they are who they were."""
        if self._clock() - self._looked < EVERY:
            return True
        self._looked = self._clock()
        try:
            return bool(await self._identify() == self._principal)
        except ProblemError:
            return False
        except (TransientError, SetupError):
            return True
