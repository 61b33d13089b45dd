"""What a run of the command line leaves behind."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

UNTIL = "2026-03-01T09:00:00Z"


@dataclass(frozen=True)
class Result:
    """The exit code of a run, and what it wrote."""

    code: object
    out: str
    err: str

    @property
    def found(self) -> list[dict[str, Any]]:
        """The lines of stdout, read as JSON."""
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def ids(self) -> list[str]:
        return [one["id"] for one in self.found]


Vbp = Callable[..., Result]
