"""Commands that run things: the demo, services and workers, the servers that they need."""

# ruff: noqa: PLC0415  # a command loads what it needs when it is called, so that help is instant

from pathlib import Path
from typing import Annotated, Literal

import typer

from services.cli import options

app = typer.Typer()
local_app = typer.Typer(no_args_is_help=True, help="Kafka and PostgreSQL on this machine.")
app.add_typer(local_app, name="local", rich_help_panel="Run")

Service = Literal["orders", "delivery", "compliance"]


@app.command(rich_help_panel="Run")
def demo(  # noqa: PLR0913  # one parameter an option
    *,
    orders: Annotated[int, typer.Option(help="How many orders, besides the planted ones")] = 24_000,
    hospitals: Annotated[int, typer.Option(help="How many order, and report stock")] = 100,
    seed: options.Seed = 1,
    data: options.Data = Path(".vbp/demo"),
    keep: Annotated[
        bool, typer.Option("--keep", help="Show the province of last time again, not a fresh one")
    ] = False,
    leave: Annotated[
        bool, typer.Option("--exit", help="End after the table; 1 if it is not as planted")
    ] = False,
    secure: Annotated[
        bool, typer.Option("--secure", help="With a closed bus: TLS, passwords, ACLs")
    ] = False,
) -> None:
    """Watch it work: Kafka, PostgreSQL, all services, and a province with planted violations.

    Each run begins afresh; Ctrl-C ends every process that it started.
    """
    from services.commands import demo as command

    raise typer.Exit(
        command.run(
            command.Wish(
                orders=orders,
                hospitals=hospitals,
                seed=seed,
                data=data,
                keep=keep,
                leave=leave,
                secure=secure,
            )
        )
    )


@local_app.command("up")
def local_up(
    *,
    data: options.Data = Path(".vbp/local"),
    foreground: Annotated[
        bool, typer.Option("--foreground", help="Stay, and end both with Ctrl-C")
    ] = False,
    secure: Annotated[
        bool,
        typer.Option(
            "--secure",
            help="Close the bus of a new directory: TLS, a password for each process, ACLs",
        ),
    ] = False,
) -> None:
    """Start both and leave them running; prints the variables: eval "$(vbp local up)"."""
    from services.commands import local

    local.up(data, foreground=foreground, secure=secure)


@local_app.command("down")
def local_down(*, data: options.Data = Path(".vbp/local")) -> None:
    """Stop both; their data stays."""
    from services.commands import local

    local.down(data)


@local_app.command("status")
def local_status(*, data: options.Data = Path(".vbp/local")) -> None:
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
    service: Annotated[
        Service, typer.Argument(metavar="SERVICE", help="orders, delivery, compliance")
    ],
    *,
    metrics_port: Annotated[
        int | None,
        typer.Option(help="Else VBP_METRICS_PORT, else 9001, 9002, 9003"),
    ] = None,
    accept_dead_letters: Annotated[
        int | None,
        typer.Option(metavar="N", help="Pass over N invalid messages before too many stop it"),
    ] = None,
) -> None:
    """Work on what comes over the bus, until stopped; at most as many as there are partitions.

    compliance judges; orders keeps the life of each order and purchase progress, month by month;
    delivery keeps scorecards.
    """
    from services.commands import serve as command

    raise typer.Exit(command.work(service, metrics_port, accept_dead_letters))
