import msgspec
import pytest

from tests.support.events import an_event
from tests.support.kept import an_api, read
from tests.support.workers.on_database import WorkerOnDatabase

pytestmark = pytest.mark.integration

ORDER = an_event("order.placed", "2022-03-01 09:00:00")
REFUSED = an_event("order.rejected", "2022-03-01 10:00:00", reason="price")
VOID = an_event("order.voided", "2022-03-02 09:00:00", event=REFUSED.id)


async def test_what_a_void_takes_back_names_it_until_it_is_found_again(
    desk: WorkerOnDatabase, database: str
) -> None:
    await desk.handle(an_event("product.selected"), an_event("hospital.enrolled"), ORDER, REFUSED)
    await desk.handle(VOID)
    async with an_api(database) as api:
        listed = read(await api.get("/v1/violations", params={"rule": "supply-refusal"}))["items"]
        (refusal,) = listed
        assert refusal["status"] == "withdrawn"
        named = {"source": VOID.source, "id": VOID.id}
        assert refusal["details"]["withdrawn_by"] == named
        full = read(await api.get(f"/v1/violations/{refusal['id']}"))
        assert full["chain"] == {"verified": True, "broken_at": None, "problem": None}
        opened, withdrawn = full["history"]
        assert (opened["change"], withdrawn["change"]) == ("closed", "withdrawn")
        assert [cause["id"] for cause in withdrawn["causes"]] == [VOID.id]
        assert msgspec.json.decode(withdrawn["line"])["details"] == {"withdrawn_by": named}

        await desk.handle(an_event("order.rejected", "2022-03-03 10:00:00", reason="price"))
        full = read(await api.get(f"/v1/violations/{refusal['id']}"))
        assert full["status"] == "closed"
        assert "withdrawn_by" not in full["details"]
        assert full["chain"]["verified"]
