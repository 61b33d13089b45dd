"""`vbp rebuild` where there is nothing to rebuild yet."""

import pytest

from services.commands import rebuild
from services.compliance.settings import Settings
from shared.domain.errors import SetupError


@pytest.mark.integration
def test_without_a_schema_it_says_what_makes_one(bare_database: str) -> None:
    settings = Settings(database=bare_database)
    with pytest.raises(SetupError, match="run `vbp migrate` first"):
        rebuild.run(settings)
    for service in rebuild.HEARD:
        with pytest.raises(SetupError, match="run `vbp migrate` first"):
            rebuild.run_tally(settings, service, cut=False)
