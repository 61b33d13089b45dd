import pytest

from tests.support.doors import STRUCTURED, listening, orders_door, post
from tests.support.events import an_example

pytestmark = pytest.mark.integration

TOPICS = ("vbp.orders.v1", "vbp.register.v1", "vbp.funds.v1")


@pytest.mark.parametrize(
    "kind", ["vbp.hospital.enrolled.v1", "vbp.order.accepted.v1", "vbp.payment.made.v1"]
)
async def test_the_purchasing_side_tells_the_register_orders_and_funds(
    kafka: str, kind: str
) -> None:
    told = an_example(kind)
    async with orders_door(kafka) as door, listening(kafka, *TOPICS) as heard:
        assert (await post(door, told, STRUCTURED)).status_code == 202
        assert await heard.ids() == {told["id"]}


async def test_what_the_supply_side_tells_is_shown_the_way_to_its_door(
    kafka: str,
) -> None:
    async with orders_door(kafka) as door:
        answer = await post(door, an_example("vbp.shipment.dispatched.v1"), STRUCTURED)
    assert answer.status_code == 422
    assert "delivery service" in answer.json()["detail"]
