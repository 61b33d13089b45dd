"""The one command line, `vbp`: what can be called and how; `services.commands` does it."""

import logging
import sys
from collections.abc import Sequence
from importlib.metadata import version
from typing import Annotated

import typer

from deploy.local.errors import StackError
from services.cli import (
    bus,
    dead_letters,
    events,
    keys,
    losses,
    packs,
    running,
    sessions,
    setup,
    streams,
)
from shared.domain.errors import InvalidArgumentError, VbpError

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Watches volume-based procurement: who breaks which clause, when, and when it was mended.",
    epilog="Data goes to stdout, all else to stderr. Exit codes: 0 done, 1 failure, 2 usage, "
    "3 lines were refused (--strict), 70 the worker stopped at too much invalid input. "
    "VBP_KAFKA and VBP_DATABASE say where the servers are; without them a local stack under "
    ".vbp is used if one runs.",
)
for group in (events, running, packs, setup):
    app.add_typer(group.app)
app.add_typer(dead_letters.app, name="dead-letters", rich_help_panel="Set up")
app.add_typer(bus.app, name="bus", rich_help_panel="Set up")
app.add_typer(keys.app, name="keys", rich_help_panel="Set up")
app.add_typer(sessions.app, name="sessions", rich_help_panel="Set up")
app.add_typer(losses.app, name="losses", rich_help_panel="Set up")


@app.callback(invoke_without_command=True)
def root(
    *,
    show: Annotated[
        bool, typer.Option("--version", is_eager=True, help="Say which version this is")
    ] = False,
) -> None:
    """Say the version, if asked."""
    if show:
        sys.stdout.write(f"vbp {version('vbp-compliance')}\n")
        raise typer.Exit


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line; always leaves by SystemExit."""
    # What it would say of a broker that is away, the error says with a remedy.
    logging.getLogger("aiokafka").addHandler(logging.NullHandler())
    streams.prepare()
    try:
        app(arguments, prog_name="vbp")
    except InvalidArgumentError as error:
        streams.fail(str(error), 2)
    except (VbpError, StackError) as error:
        streams.fail(str(error), 1)
    except BrokenPipeError:
        # Whoever read has heard enough, as after `| head`.
        streams.abandon()
        sys.exit(1)
    except OSError as error:
        streams.abandon()
        streams.fail(streams.trouble(error), 1)
    finally:
        streams.finish()
