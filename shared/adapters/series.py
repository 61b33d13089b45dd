"""Gauges and counters of many series that are read anew for each scrape, written as text at once.

An object for each series, made and asked one by one, takes most of a second for some ten thousand;
how each begins in the text is kept from scrape to scrape, and its number is put behind that.
"""

from collections.abc import Mapping
from typing import Literal, NamedTuple

Labels = tuple[str, ...]
Shown = Mapping[str, Mapping[Labels, float]]
"""Numbers by the values of labels, by the name of the family."""


class Family(NamedTuple):
    """What a family of series says, and by which labels they differ."""

    said: str
    labels: tuple[str, ...]
    kind: Literal["gauge", "counter"] = "gauge"


class Families:
    """Families of series, as they were last written."""

    def __init__(self, families: Mapping[str, Family]) -> None:
        self._families = families
        self._begin: dict[str, dict[Labels, str]] = {}
        self._text = ""
        self.write({})

    @property
    def text(self) -> str:
        """The families in the text format of Prometheus."""
        return self._text

    def write(self, shown: Shown) -> None:
        """Write the families with just these series; what is not named has none."""
        lines: list[str] = []
        begin: dict[str, dict[Labels, str]] = {}
        for name, family in self._families.items():
            lines.append(f"# HELP {name} {family.said}\n# TYPE {name} {family.kind}\n")
            known, kept = self._begin.get(name, {}), begin.setdefault(name, {})
            for values, number in shown.get(name, {}).items():
                kept[values] = known.get(values) or _begin(name, family.labels, values)
                lines.append(f"{kept[values]} {number}\n")
        self._begin, self._text = begin, "".join(lines)


def _begin(name: str, labels: tuple[str, ...], values: Labels) -> str:
    told = ",".join(
        f'{label}="{_escaped(value)}"' for label, value in zip(labels, values, strict=True)
    )
    return f"{name}{{{told}}}" if told else name


def _escaped(value: str) -> str:
    return value.replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")
