"""What is allowed on a bus that asks nobody; a closed one is tried in tests/deploy."""

import pytest

from shared.adapters import bus
from shared.domain.errors import SetupError


@pytest.mark.integration
async def test_of_an_open_bus_it_is_said_that_it_is_open_and_not_that_it_is_away(
    kafka: str,
) -> None:
    with pytest.raises(SetupError, match="the bus is open"):
        await bus.apply(kafka, dry=True)
