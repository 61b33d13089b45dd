"""What `vbp doctor` finds, whatever it looks at."""

from typing import NamedTuple

ANSWER_WITHIN = 15.0
"""Seconds that a server has to answer."""


class Finding(NamedTuple):
    """What was looked at; `remedy` is empty where it is right, `bad` where it must be mended."""

    what: str
    remedy: str = ""
    bad: bool = True
