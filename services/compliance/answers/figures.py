"""Figures that other services keep, asked of them over HTTP: nobody reads another's tables."""

import asyncio
import http.client
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode, urlsplit

import msgspec

from shared.domain.errors import TransientError

ANSWER_WITHIN = 15.0


class Figures:
    """Where orders and delivery answer, as `http://host:port`."""

    def __init__(self, orders: str, delivery: str) -> None:
        self._orders = orders
        self._delivery = delivery

    async def progress(self, jurisdiction: str, month: str, group_by: str) -> dict[str, Any]:
        """Give the purchase progress of a month; raises TransientError without an answer."""
        asked = {"jurisdiction": jurisdiction, "month": month, "group_by": group_by}
        return await asyncio.to_thread(_ask, self._orders, "/v1/progress", asked)

    async def scorecards(self, jurisdiction: str, month: str, group_by: str) -> dict[str, Any]:
        """Give the scorecards of a month; raises TransientError without an answer."""
        asked = {"jurisdiction": jurisdiction, "month": month, "group_by": group_by}
        return await asyncio.to_thread(_ask, self._delivery, "/v1/scorecards", asked)


def _ask(base: str, path: str, asked: Mapping[str, str]) -> dict[str, Any]:
    where = urlsplit(base)
    kind = http.client.HTTPSConnection if where.scheme == "https" else http.client.HTTPConnection
    connection = kind(where.hostname or "127.0.0.1", where.port, timeout=ANSWER_WITHIN)
    try:
        connection.request("GET", f"{where.path}{path}?{urlencode(asked)}")
        answer = connection.getresponse()
        body = answer.read()
    except (OSError, http.client.HTTPException) as error:
        remedy = "start it, or set VBP_ORDERS_URL and VBP_DELIVERY_URL"
        raise TransientError(f"{base} does not answer: {error!r}; {remedy}") from error
    finally:
        connection.close()
    if answer.status != http.client.OK:
        raise TransientError(f"{base}{path} answers {answer.status}: {body[:300]!r}")
    found: dict[str, Any] = msgspec.json.decode(body)
    return found
