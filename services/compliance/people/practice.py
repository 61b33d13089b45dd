"""How many working days people have for what: practice.toml, which names its basis."""

import tomllib
from pathlib import Path

import msgspec
from msgspec import Struct


class DaysGiven(Struct, frozen=True, forbid_unknown_fields=True):
    """A number of days, and what it rests on."""

    days: int
    basis: str


class FirstLook(Struct, frozen=True, forbid_unknown_fields=True):
    """To look at what was found: a breach, and anything else."""

    breach: DaysGiven
    other: DaysGiven


class Answer(Struct, frozen=True, forbid_unknown_fields=True):
    """For the accused to dispute what was acknowledged."""

    dispute: DaysGiven


class Decide(Struct, frozen=True, forbid_unknown_fields=True):
    """To decide what was disputed, and to go on with what was acknowledged."""

    dispute: DaysGiven
    acknowledged: DaysGiven


class Rectify(Struct, frozen=True, forbid_unknown_fields=True):
    """To mend what a letter asks to be mended, and to say so."""

    letter: DaysGiven


class Deliver(Struct, frozen=True, forbid_unknown_fields=True):
    """Until what was published counts as received: days of the calendar, not working days."""

    public_notice: DaysGiven


class Exempt(Struct, frozen=True, forbid_unknown_fields=True):
    """Before an exemption ends, for it to be listed as ending soon: days of the calendar."""

    ending: DaysGiven


class Practice(Struct, frozen=True, forbid_unknown_fields=True):
    """All of them."""

    look: FirstLook
    answer: Answer
    decide: Decide
    rectify: Rectify
    deliver: Deliver
    exempt: Exempt


def load() -> Practice:
    """Read the shipped ones."""
    text = (Path(__file__).parent / "practice.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text), Practice)
