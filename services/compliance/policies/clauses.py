"""Clauses of a policy's document, and the rules that its words support."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

Force = Literal["duty", "principle", "authority", "mission"]


class Clause(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A piece of the document: its text, and the rules that judge it or why none can."""

    title: str
    text: str
    rules: tuple[str, ...] = ()
    not_judged: str = ""


class Carried(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A rule that the policy's text supports: its clauses, its words, and their force."""

    clauses: Annotated[tuple[str, ...], Meta(min_length=1)]
    quote: str
    force: Force
    note: str = ""
