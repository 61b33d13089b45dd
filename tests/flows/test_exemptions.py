"""An exemption from an officer's form through door, bus and worker to what it covers, and back."""

import re
from datetime import timedelta
from html import unescape
from pathlib import Path
from typing import Any

import httpx
import pytest

from services.compliance.register.exemption import CONSOLE
from services.compliance.settings import Settings
from services.compliance.web.app import create_app
from services.compliance.web.denominators import today
from services.orders import app as orders
from services.orders.settings import Settings as OrdersSettings
from shared.domain.principal import Role
from tests.flows.test_worker import YEAR, a_register, ago
from tests.support.doors import reached
from tests.support.events import an_event
from tests.support.kept import POLICIES, listening, read
from tests.support.keys import a_key, bearer
from tests.support.workers.in_process import WorkerProcess, eventually, live

pytestmark = pytest.mark.integration

REFUSED = {"rule": "supply-refusal", "hospital": "H1", **YEAR}
WORDS = {"reason": "医院停诊", "authority": "山西省医疗保障局", "document": "晋医保函 9 号"}
SX = {"jurisdiction": "cn-sx"}


def hidden(page: httpx.Response) -> dict[str, str]:
    found = re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', page.text)
    return {name: unescape(value) for name, value in found}


class Officer:
    """An officer at the console, and what the API tells her."""

    def __init__(self, api: httpx.AsyncClient, key: str) -> None:
        self.api = api
        api.headers.update(bearer(key))

    async def grants(self, fields: dict[str, str], begins: str = "") -> None:
        """Go through the form, and press its last button twice."""
        blank = await self.api.get(f"/exemptions/new{begins}")
        assert blank.status_code == 200
        filled = hidden(blank) | fields | {"step": "look"}
        looked = await self.api.post("/exemptions/new", data=filled)
        assert looked.status_code == 200, looked.text
        for _ in range(2):
            confirmed = hidden(looked) | {"step": "grant"}
            done = await self.api.post("/exemptions/new", data=confirmed)
            assert done.status_code == 303, done.text

    async def exemptions(self) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = read(await self.api.get("/v1/exemptions", params=SX))["items"]
        return items


async def marked(bus: WorkerProcess, *, exempt: bool) -> None:
    """Wait until what was refused is exempt, or is not."""

    async def is_so() -> bool:
        found = [one for one in await bus.violations() if one["rule"] == REFUSED["rule"]]
        return [one["exempt"] for one in found] == [exempt]

    await eventually(is_so, within=120)


async def test_what_an_officer_grants_and_ends_by_the_form_is_exempt_as_long_as_she_says(
    kafka: str, database: str, tmp_path: Path
) -> None:
    async with live(kafka, database) as bus:
        told: dict[str, Any] = {"kafka": kafka, "database": database, "identity": "required"}
        roles = (Role.AUDITOR, Role.PUBLISHER)
        key = tmp_path / "key"
        key.write_text(await a_key(database, *roles, holder="console", sources=[CONSOLE]))
        own = await a_key(database, Role.OFFICER, holder="liwj", jurisdictions=["cn-sx"])
        door = orders.create_app(OrdersSettings(**told), POLICIES.jurisdictions)
        async with listening(lambda _: door) as at_orders:
            settings = Settings(**told, orders_url=at_orders, key_file=key)
            async with reached(create_app(settings, POLICIES)) as api:
                with bus.worker():
                    await _granted_and_ended(bus, Officer(api, own))
        asked = await bus.connection.fetch(
            "SELECT subject, path, status FROM identity.access WHERE method = 'POST' "
            "AND act = 'decided' AND status = 303"
        )
        assert {tuple(one) for one in asked} == {("key:liwj", "/exemptions/new", 303)}


async def _granted_and_ended(bus: WorkerProcess, officer: Officer) -> None:
    rejected = an_event("order.rejected", ago(hours=2), reason="price")
    await bus.publish([*a_register(), an_event("order.placed", ago(hours=3)), rejected])
    await marked(bus, exempt=False)
    await officer.grants(REFUSED | WORDS | SX)
    await marked(bus, exempt=True)
    (one,) = await officer.exemptions()
    assert one["parties"] == {"hospital": "H1"}
    assert {name: one[name] for name in WORDS} == WORDS
    assert (one["source"], one["officer"]) == (CONSOLE, "key:liwj")
    assert (one["covers"]["count"], one["upheld"]["count"]) == (1, 0)
    shown = read(await officer.api.get(one["violations"]))["items"]
    assert [item["exempt"] for item in shown] == [True]
    assert one["exemption"] in shown[0]["message_zh"]
    # Told twice, it marked the violation once.
    lines = await bus.connection.fetchval(
        "SELECT count(*) FROM compliance.history WHERE violation = $1", shown[0]["id"]
    )
    assert lines == 2
    ends = (today() - timedelta(days=30)).isoformat()
    begins = f"?jurisdiction=cn-sx&exemption={one['exemption']}"
    form = await officer.api.get(f"/exemptions/new{begins}")
    assert all(f"{text}" in form.text for text in WORDS.values())
    await officer.grants(REFUSED | WORDS | SX | {"end": ends}, begins)
    await marked(bus, exempt=False)
    (one,) = await officer.exemptions()
    assert (one["end"], one["state"], one["covers"]["count"]) == (ends, "expired", 0)
