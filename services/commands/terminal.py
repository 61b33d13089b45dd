"""What people read while a command works: always on stderr, so that stdout holds data alone."""

import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
)
from rich.table import Table

ERR = Console(stderr=True, highlight=False, soft_wrap=True)

WIDE = 160
"""Columns of a table that goes into a file or a pipe, which have no width of their own."""


def show(table: Table) -> None:
    """Print a table on stdout, as wide as the terminal."""
    width = None if sys.stdout.isatty() else WIDE
    Console(file=sys.stdout, highlight=False, markup=False, width=width).print(table)


def say(text: str) -> None:
    """Tell one line, as it is: brackets in it are not markup."""
    ERR.print(text, markup=False)


def step(text: str) -> None:
    """Tell what has just been reached."""
    ERR.print("[green]✓[/green]", end=" ")
    say(text)


def counted(count: int, one: str, many: str | None = None) -> str:
    """Write a number with its noun: `1 line`, `1,200 lines`."""
    noun = one if count == 1 else (many or f"{one}s")
    return f"{count:,} {noun}"


def reading(total: int | None, title: str = "Reading") -> AbstractContextManager[Progress]:
    """Show how many bytes of `total` were read, on a terminal; its task is number 0."""
    return _shown(total, title, TaskProgressColumn(), DownloadColumn())


def counting(total: int | None, title: str) -> AbstractContextManager[Progress]:
    """Show how many of `total` are done, on a terminal; its task is number 0."""
    return _shown(total, title, MofNCompleteColumn())


@contextmanager
def _shown(total: int | None, title: str, *columns: ProgressColumn) -> Iterator[Progress]:
    with Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        *columns,
        TimeElapsedColumn(),
        console=ERR,
        transient=True,
        disable=not ERR.is_terminal,
    ) as progress:
        progress.add_task(title, total=total)
        yield progress
