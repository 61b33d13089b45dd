"""Other services of ours, over HTTP and with a key of our own: nobody reads another's tables."""

import asyncio
import http.client
from collections.abc import Mapping
from pathlib import Path
from typing import Final, NamedTuple
from urllib.parse import urlencode, urlsplit

from shared.domain.errors import SetupError, TransientError

ANSWER_WITHIN: Final = 15.0


class Answered(NamedTuple):
    """What a service has answered."""

    status: int
    body: bytes


class Neighbour:
    """A service that answers at `base`, as `http://host:port`.

    `key_file` holds the API key that is shown it; it is read each time, so that keys turn over. All
    raise TransientError without an answer, SetupError where the key cannot be read.
    """

    def __init__(self, base: str, key_file: Path | None = None) -> None:
        self.base = base
        self._key_file = key_file

    async def ask(self, path: str, asked: Mapping[str, str]) -> Answered:
        """Ask something."""
        return await asyncio.to_thread(self._send, "GET", f"{path}?{urlencode(asked)}", None, "")

    async def tell(self, path: str, body: bytes, kind: str) -> Answered:
        """Send a body of a type."""
        return await asyncio.to_thread(self._send, "POST", path, body, kind)

    def _send(self, method: str, path: str, body: bytes | None, kind: str) -> Answered:
        headers = self._shown() | ({"content-type": kind} if kind else {})
        where = urlsplit(self.base)
        secure = where.scheme == "https"
        made = http.client.HTTPSConnection if secure else http.client.HTTPConnection
        connection = made(where.hostname or "127.0.0.1", where.port, timeout=ANSWER_WITHIN)
        try:
            connection.request(method, f"{where.path}{path}", body, headers)
            answer = connection.getresponse()
            return Answered(answer.status, answer.read())
        except (OSError, http.client.HTTPException) as error:
            remedy = "start it, or set VBP_ORDERS_URL and VBP_DELIVERY_URL"
            raise TransientError(f"{self.base} does not answer: {error!r}; {remedy}") from error
        finally:
            connection.close()

    def _shown(self) -> dict[str, str]:
        if self._key_file is None:
            return {}
        try:
            key = self._key_file.read_text("ascii").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise SetupError(f"VBP_KEY_FILE {self._key_file} cannot be read: {error}") from error
        return {"authorization": f"Bearer {key}"}
