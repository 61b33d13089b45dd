"""Commands about a closed bus: who may do what on it, and by which password."""

# ruff: noqa: PLC0415  # a command loads what it needs when it is called, so that help is instant

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True, help="The bus, closed: users of Kafka, what they may do.")


@app.command()
def permits(
    *,
    publisher: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="And of this one; repeatable")
    ] = None,
    strimzi: Annotated[
        bool, typer.Option("--strimzi", help="As KafkaUser resources, for Kubernetes")
    ] = False,
) -> None:
    """List who may do what; what is not listed is denied. No broker is asked."""
    from services.commands import bus
    from services.commands.strimzi import kafka_users

    for name in publisher or []:
        bus.check_name(name)
    if strimzi:
        typer.echo(kafka_users(publisher or []), nl=False)
    else:
        bus.show_permits(publisher or [])


@app.command()
def apply(
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would change")] = False,
) -> None:
    """Have the brokers allow what is listed to our users, and nothing else; as the user admin."""
    from services.commands import bus, settings
    from services.compliance.settings import Settings

    bus.apply(settings.settings(Settings), dry=dry_run)


@app.command()
def keys(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", file_okay=False)],
    *,
    host: Annotated[
        list[str], typer.Option(metavar="NAME", help="Name or address of a broker; repeatable")
    ],
) -> None:
    """Make what closes a bus: authority, certificate of the brokers, a password for each user.

    What is there stays; the brokers' certificate is made anew each time, for 13 months.
    """
    from services.commands import bus

    bus.make_keys(folder, host)


@app.command()
def users(
    names: Annotated[list[str] | None, typer.Argument(metavar="[USER…]")] = None,
    *,
    folder: Annotated[
        Path | None,
        typer.Option(exists=True, file_okay=False, help="Of the passwords; VBP_KAFKA_SECRETS"),
    ] = None,
    renew: Annotated[
        bool, typer.Option("--renew", help="Give them new passwords, and put these there")
    ] = False,
) -> None:
    """Let users in by the passwords in a folder, and by no earlier ones; by default all of them."""
    from services.commands import bus, settings
    from services.compliance.settings import Settings

    bus.set_users(settings.settings(Settings), names or [], folder, renew=renew)


@app.command("open")
def open_(
    publisher: Annotated[str, typer.Argument(metavar="PUBLISHER", help="Holder of a key")],
    *,
    replication: Annotated[int, typer.Option(min=1, help="Copies of each partition")] = 1,
) -> None:
    """Give a publisher a topic of its own to tell on; on a closed bus print its password, once."""
    from services.commands import bus, settings
    from services.compliance.settings import Settings

    bus.open_to(settings.settings(Settings), publisher, replication)
