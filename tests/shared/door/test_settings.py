import re
from pathlib import Path

import pytest

from shared.door.settings import DoorSettings

TEXT = (Path(__file__).parents[3] / "docs" / "doors.md").read_text()
BOUNDS = [
    name
    for name in DoorSettings.model_fields
    if name.startswith("max_") or name.endswith(("_mib", "_seconds"))
]


@pytest.mark.parametrize("name", BOUNDS)
def test_the_documentation_tells_every_bound_with_its_default(name: str) -> None:
    told = re.search(rf"^\| `VBP_{name.upper()}` \| (\S+) \|", TEXT, re.MULTILINE)
    assert told is not None
    assert float(told[1]) == DoorSettings.model_fields[name].default


def test_the_documentation_tells_no_bound_that_there_is_not() -> None:
    assert {name.lower() for name in re.findall(r"^\| `VBP_(\w+)`", TEXT, re.MULTILINE)} == set(
        BOUNDS
    )
