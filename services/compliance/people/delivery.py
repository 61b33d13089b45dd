"""How a letter came to the party that it is for, as somebody notes it."""

from datetime import date
from typing import Literal

from msgspec import Struct

Channel = Literal["inbox", "email", "post", "handed-over", "public-notice"]
"""How a letter reaches a party; by public notice it counts as received some days later."""


class Delivery(Struct, frozen=True):
    """That letter `n` went out by a channel on a day, and on which it counts as received.

    By whom it was received is said in the words of the step, which can be taken away.
    """

    n: int
    channel: Channel
    day: date
    received: date
