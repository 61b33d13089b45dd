from collections.abc import AsyncIterator

import pytest

from services.compliance.settings import Settings
from tests.support.live import prepared
from tests.support.service import ServiceDesk, at_work


@pytest.fixture
async def desk(kafka: str, database: str) -> AsyncIterator[ServiceDesk]:
    await prepared(Settings(database=database, kafka=kafka))
    async with at_work(database) as desk:
        yield desk
