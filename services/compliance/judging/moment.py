"""The moment of asking."""

from datetime import datetime
from typing import NamedTuple


class Moment(NamedTuple):
    """The moment of asking: the wall clock, and until when everything has been heard; UTC."""

    now: datetime
    heard: datetime
