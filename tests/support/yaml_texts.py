"""YAML read by libyaml: read in Python, our texts cost every process of the tests two seconds."""

from collections.abc import Iterator
from typing import Any

from yaml import CSafeLoader, load, load_all


def read(text: str) -> Any:
    """Read the one document of a text."""
    return load(text, CSafeLoader)  # a safe loader


def read_all(text: str) -> Iterator[Any]:
    """Read the documents of a text, one after the other."""
    yield from load_all(text, CSafeLoader)  # a safe loader
