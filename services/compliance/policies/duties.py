"""What a policy's document asks, duty by duty: of whom, and which rules judge it or why none can.

`duties/<policy>.toml` holds them. A rule may be named before it is built.
"""

from pathlib import Path

import msgspec
from msgspec import Struct

from shared.domain.errors import SetupError

FOLDER = Path(__file__).parent / "duties"


class Duty(Struct, frozen=True, forbid_unknown_fields=True):
    """Who is obliged to what; `why` (`why_en`) is why no rule judges it, or what none judges."""

    id: str
    clauses: tuple[str, ...]
    who: str
    what: str
    who_en: str
    what_en: str
    rules: tuple[str, ...] = ()
    why: str = ""
    why_en: str = ""


class _File(Struct, forbid_unknown_fields=True):
    duty: tuple[Duty, ...]


def of(policy: str) -> tuple[Duty, ...]:
    """Read the duties of a policy by its id; none where nobody wrote them down."""
    path = FOLDER / f"{policy}.toml"
    if not path.is_file():
        return ()
    try:
        return msgspec.toml.decode(path.read_bytes(), type=_File).duty
    except msgspec.DecodeError as error:
        raise SetupError(f"duties/{path.name}: {error}") from error
