"""Figures that other services keep, asked of them."""

import http.client
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from services.compliance.answers.neighbours import Neighbour
from shared.domain.errors import SetupError, TransientError


class Figures:
    """Where orders and delivery answer, as `http://host:port`.

    `key_file` holds the API key that is shown them.
    """

    def __init__(self, orders: str, delivery: str, key_file: Path | None = None) -> None:
        self._orders = Neighbour(orders, key_file)
        self._delivery = Neighbour(delivery, key_file)

    async def progress(self, jurisdiction: str, month: str, group_by: str) -> dict[str, Any]:
        """Give the purchase progress of a month; raises TransientError without an answer."""
        asked = {"jurisdiction": jurisdiction, "month": month, "group_by": group_by}
        return await _ask(self._orders, "/v1/progress", asked)

    async def scorecards(self, jurisdiction: str, month: str, group_by: str) -> dict[str, Any]:
        """Give the scorecards of a month; raises TransientError without an answer."""
        asked = {"jurisdiction": jurisdiction, "month": month, "group_by": group_by}
        return await _ask(self._delivery, "/v1/scorecards", asked)

    async def scorecards_by_month(
        self, jurisdiction: str, first: str, last: str, **of: str
    ) -> dict[str, Any]:
        """Give the scorecards of months, `of` one party or of all; raises TransientError."""
        asked = {"jurisdiction": jurisdiction, "from": first, "until": last, "group_by": "month"}
        return await _ask(self._delivery, "/v1/scorecards", asked | of)


async def _ask(service: Neighbour, path: str, asked: Mapping[str, str]) -> dict[str, Any]:
    answer = await service.ask(path, asked)
    if answer.status in {http.client.UNAUTHORIZED, http.client.FORBIDDEN}:
        remedy = "make a key of the role auditor (vbp keys create), put it into a file, and set"
        raise SetupError(f"{service.base} does not admit us: {remedy} VBP_KEY_FILE to its path")
    if answer.status != http.client.OK:
        raise TransientError(f"{service.base}{path} answers {answer.status}: {answer.body[:300]!r}")
    found: dict[str, Any] = msgspec.json.decode(answer.body)
    return found
