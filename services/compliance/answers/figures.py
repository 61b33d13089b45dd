"""Figures that other services keep, asked of them over HTTP: nobody reads another's tables."""

import asyncio
import http.client
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import msgspec

from shared.domain.errors import SetupError, TransientError

ANSWER_WITHIN = 15.0


class Figures:
    """Where orders and delivery answer, as `http://host:port`.

    `key_file` holds the API key that is shown them; it is read each time, so that keys turn over.
    """

    def __init__(self, orders: str, delivery: str, key_file: Path | None = None) -> None:
        self._orders = orders
        self._delivery = delivery
        self._key_file = key_file

    async def progress(self, jurisdiction: str, month: str, group_by: str) -> dict[str, Any]:
        """Give the purchase progress of a month; raises TransientError without an answer."""
        asked = {"jurisdiction": jurisdiction, "month": month, "group_by": group_by}
        return await asyncio.to_thread(self._ask, self._orders, "/v1/progress", asked)

    async def scorecards(self, jurisdiction: str, month: str, group_by: str) -> dict[str, Any]:
        """Give the scorecards of a month; raises TransientError without an answer."""
        asked = {"jurisdiction": jurisdiction, "month": month, "group_by": group_by}
        return await asyncio.to_thread(self._ask, self._delivery, "/v1/scorecards", asked)

    async def scorecards_by_month(
        self, jurisdiction: str, first: str, last: str, **of: str
    ) -> dict[str, Any]:
        """Give the scorecards of months, `of` one party or of all; raises TransientError."""
        asked = {"jurisdiction": jurisdiction, "from": first, "until": last, "group_by": "month"}
        return await asyncio.to_thread(self._ask, self._delivery, "/v1/scorecards", asked | of)

    def _ask(self, base: str, path: str, asked: Mapping[str, str]) -> dict[str, Any]:
        return _ask(base, path, asked, self._shown())

    def _shown(self) -> dict[str, str]:
        if self._key_file is None:
            return {}
        try:
            key = self._key_file.read_text("ascii").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise SetupError(f"VBP_KEY_FILE {self._key_file} cannot be read: {error}") from error
        return {"authorization": f"Bearer {key}"}


def _ask(
    base: str, path: str, asked: Mapping[str, str], headers: Mapping[str, str]
) -> dict[str, Any]:
    where = urlsplit(base)
    kind = http.client.HTTPSConnection if where.scheme == "https" else http.client.HTTPConnection
    connection = kind(where.hostname or "127.0.0.1", where.port, timeout=ANSWER_WITHIN)
    try:
        connection.request("GET", f"{where.path}{path}?{urlencode(asked)}", headers=dict(headers))
        answer = connection.getresponse()
        body = answer.read()
    except (OSError, http.client.HTTPException) as error:
        remedy = "start it, or set VBP_ORDERS_URL and VBP_DELIVERY_URL"
        raise TransientError(f"{base} does not answer: {error!r}; {remedy}") from error
    finally:
        connection.close()
    if answer.status in {http.client.UNAUTHORIZED, http.client.FORBIDDEN}:
        remedy = "make a key of the role auditor (vbp keys create), put it into a file, and set"
        raise SetupError(f"{base} does not admit us: {remedy} VBP_KEY_FILE to its path")
    if answer.status != http.client.OK:
        raise TransientError(f"{base}{path} answers {answer.status}: {body[:300]!r}")
    found: dict[str, Any] = msgspec.json.decode(body)
    return found
