"""The one command line, `vbp`: what can be called and how; `services.commands` does it."""

# ruff: noqa: PLC0415  # a command loads what it needs when it is called, so that help is instant

import logging
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Literal

import typer

from deploy.local.errors import StackError
from shared.domain import calendar
from shared.domain.errors import InvalidArgumentError, InvalidEventError, VbpError

STRICT_REFUSED = 3

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
local_app = typer.Typer(no_args_is_help=True, help="Kafka and PostgreSQL on this machine.")
import_app = typer.Typer(no_args_is_help=True, help="Turn other records into events.")
app.add_typer(local_app, name="local", rich_help_panel="Run")
app.add_typer(import_app, name="import", rich_help_panel="Events")


def instant(text: str) -> datetime:
    """Read an instant with offset, into UTC."""
    try:
        return calendar.parse_instant(text)
    except InvalidEventError as error:
        raise typer.BadParameter(f"{text!r} {error.problem}. {error.remedy}") from None


Service = Literal["orders", "delivery", "compliance"]
Files = Annotated[
    list[str], typer.Argument(metavar="FILE…", help="NDJSON or NDJSON.gz; - is stdin")
]
Out = Annotated[str, typer.Option(metavar="FILE", help="Where to write; .gz packs, - is stdout")]
Strict = Annotated[bool, typer.Option("--strict", help="Exit with 3 if lines were refused")]
Data = Annotated[Path, typer.Option(metavar="DIR", help="Where the data and the logs are kept")]
Seed = Annotated[int, typer.Option(help="Another seed, another province")]
Time = typer.Option(parser=instant, metavar="TIME", help="An instant: 2026-03-01T09:00:00Z")


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


@app.command(rich_help_panel="Events")
def replay(
    files: Files,
    *,
    as_of: Annotated[datetime, Time],
    policy: Annotated[
        str | None, typer.Option(metavar="ID", help="Judge all of it under this one policy")
    ] = None,
    form: Annotated[
        Literal["ndjson", "csv", "table"], typer.Option("--format", help="How to write them")
    ] = "ndjson",
    strict: Strict = False,
) -> None:
    """Judge an archive of events, in any order, as of a moment; no bus or database is needed."""
    from services.commands import archives
    from services.commands import replay as command

    refusals = archives.Refusals()
    command.run(files, as_of, policy, form, refusals)
    _leave(strict=strict, refused=refusals.count)


@app.command(rich_help_panel="Events")
def simulate(  # noqa: PLR0913  # one parameter an option
    *,
    out: Out,
    truth: Annotated[
        str | None, typer.Option(metavar="FILE", help="Where to write what must be found")
    ] = None,
    jurisdiction: Annotated[str, typer.Option(help="Whose law and places")] = "cn-sx",
    hospitals: Annotated[int, typer.Option(help="How many hospitals order")] = 100,
    days: Annotated[int, typer.Option(help="For how long")] = 180,
    orders: Annotated[int, typer.Option(help="How many orders, besides the planted ones")] = 24_000,
    seed: Seed = 1,
    until: Annotated[datetime | None, Time] = None,
) -> None:
    """Make the events of a province, with violations planted by hand; until now by default."""
    from services.commands import simulate as command
    from services.sources.province import Plan

    plan = Plan(
        until=until or datetime.now(UTC),
        jurisdiction=jurisdiction,
        hospitals=hospitals,
        days=days,
        orders=orders,
        seed=seed,
    )
    command.run(plan, out, truth)


@import_app.command("scms")
def import_scms(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The CSV, packed or not")],
    *,
    out: Out = "-",
    strict: Strict = False,
) -> None:
    """Turn the SCMS delivery history (HIV medicines, 2006 to 2015) into events."""
    from services.commands import archives, scms

    refusals = archives.Refusals()
    scms.run(file, out, refusals)
    _leave(strict=strict, refused=refusals.count)


@app.command(rich_help_panel="Events")
def publish(files: Files, *, strict: Strict = False) -> None:
    """Check events and put them on the bus; done when the broker has taken them all."""
    from services.commands import archives
    from services.commands import publish as command
    from services.commands import settings as addresses
    from services.compliance.settings import Settings

    refusals = archives.Refusals()
    command.run(files, addresses.settings(Settings).kafka, refusals)
    _leave(strict=strict, refused=refusals.count)


@app.command(rich_help_panel="Events")
def rules(name: Annotated[str | None, typer.Argument(metavar="[RULE]")] = None) -> None:
    """List the rules and their clauses; or explain one: its reading, texts and values."""
    from services.commands import rules as command

    command.run(name)


@app.command(rich_help_panel="Run")
def demo(
    *,
    orders: Annotated[int, typer.Option(help="How many orders, besides the planted ones")] = 24_000,
    seed: Seed = 1,
    data: Data = Path(".vbp/demo"),
    keep: Annotated[
        bool, typer.Option("--keep", help="Show the province of last time again, not a fresh one")
    ] = False,
    leave: Annotated[
        bool, typer.Option("--exit", help="End after the table; 1 if it is not as planted")
    ] = False,
) -> None:
    """Watch it work: Kafka, PostgreSQL, all services, and a province with planted violations.

    Each run begins afresh; Ctrl-C ends every process that it started.
    """
    from services.commands import demo as command

    raise typer.Exit(
        command.run(command.Wish(orders=orders, seed=seed, data=data, keep=keep, leave=leave))
    )


@local_app.command("up")
def local_up(
    *,
    data: Data = Path(".vbp/local"),
    foreground: Annotated[
        bool, typer.Option("--foreground", help="Stay, and end both with Ctrl-C")
    ] = False,
) -> None:
    """Start both and leave them running; prints the variables: eval "$(vbp local up)"."""
    from services.commands import local

    local.up(data, foreground=foreground)


@local_app.command("down")
def local_down(*, data: Data = Path(".vbp/local")) -> None:
    """Stop both; their data stays."""
    from services.commands import local

    local.down(data)


@local_app.command("status")
def local_status(*, data: Data = Path(".vbp/local")) -> None:
    """Say where they are; exit code 1 if they do not run."""
    from services.commands import local

    raise typer.Exit(0 if local.status(data) else 1)


@app.command(rich_help_panel="Run")
def serve(
    service: Annotated[
        Service, typer.Argument(metavar="SERVICE", help="orders, delivery, compliance")
    ],
    *,
    host: Annotated[str | None, typer.Option(help="Else VBP_HOST, else 127.0.0.1")] = None,
    port: Annotated[int | None, typer.Option(help="Else VBP_PORT, else 8001, 8002, 8003")] = None,
) -> None:
    """Serve HTTP: the doors for events (orders, delivery) or the violations API (compliance)."""
    from services.commands import serve as command

    command.serve(service, host, port)


@app.command(rich_help_panel="Run")
def worker(
    service: Annotated[Service, typer.Argument(metavar="SERVICE", help="compliance")],
    *,
    metrics_port: Annotated[
        int | None, typer.Option(help="Else VBP_METRICS_PORT, else 9003")
    ] = None,
    accept_dead_letters: Annotated[
        int | None,
        typer.Option(metavar="N", help="Pass over N invalid messages before too many stop it"),
    ] = None,
) -> None:
    """Judge what comes over the bus, until stopped; start as many as there are partitions."""
    from services.commands import serve as command

    raise typer.Exit(command.work(service, metrics_port, accept_dead_letters))


@app.command(rich_help_panel="Set up")
def migrate() -> None:
    """Bring the schema of the database to this version."""
    from services.commands import settings as addresses
    from services.commands import setup as prepare
    from services.compliance.settings import Settings

    prepare.migrate(addresses.settings(Settings))


@app.command(rich_help_panel="Set up")
def topics(
    *, replication: Annotated[int, typer.Option(min=1, help="Copies of each partition")] = 1
) -> None:
    """Create the topics that are missing; `vbp migrate` comes first."""
    from services.commands import settings as addresses
    from services.commands import setup as prepare
    from services.compliance.settings import Settings

    prepare.create_topics(addresses.settings(Settings), replication)


@app.command(rich_help_panel="Set up")
def rebuild() -> None:
    """Make all records anew from the facts kept, after an upgrade; workers must be stopped."""
    from services.commands import rebuild as command
    from services.commands import settings as addresses
    from services.compliance.settings import Settings

    command.run(addresses.settings(Settings))


@app.command(rich_help_panel="Set up")
def doctor() -> None:
    """Look at everything that must be right, and say how to mend what is not."""
    from services.commands import doctor as command
    from services.commands import settings as addresses
    from services.compliance.settings import Settings

    raise typer.Exit(0 if command.run(addresses.settings(Settings)) else 1)


def _leave(*, strict: bool, refused: int) -> None:
    if strict and refused:
        raise typer.Exit(STRICT_REFUSED)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line; always leaves by SystemExit."""
    # What it would say of a broker that is away, the error says with a remedy.
    logging.getLogger("aiokafka").addHandler(logging.NullHandler())
    try:
        app(arguments, prog_name="vbp")
    except InvalidArgumentError as error:
        _fail(error, 2)
    except (VbpError, StackError) as error:
        _fail(error, 1)


def _fail(error: Exception, code: int) -> None:
    sys.stderr.write(f"vbp: {error}\n")
    sys.exit(code)


if __name__ == "__main__":
    main()
