"""What every door asks of an event that could be read, whichever way it came."""

from collections.abc import Collection
from datetime import UTC, datetime

from shared.domain.cloudevents import Event, check_ahead, check_jurisdiction
from shared.domain.principal import Principal
from shared.domain.speakers import check_own_name


def check(event: Event, teller: Principal, jurisdictions: Collection[str]) -> None:
    """Raise InvalidEventError unless somebody may tell an event, here and now."""
    check_jurisdiction(event, jurisdictions)
    check_ahead(event, datetime.now(UTC))
    check_own_name(teller, event)
