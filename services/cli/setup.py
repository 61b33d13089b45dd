"""Commands that set up an installation, and look after it."""

# ruff: noqa: PLC0415  # a command loads what it needs when it is called, so that help is instant

from pathlib import Path
from typing import Annotated, Literal

import typer

app = typer.Typer()
calendar_app = typer.Typer(
    no_args_is_help=True, help="Working days: which years are known, and adding one."
)
audit_app = typer.Typer(no_args_is_help=True, help="Whether all that is kept is what was written.")
app.add_typer(audit_app, name="audit", rich_help_panel="Set up")
app.add_typer(calendar_app, name="calendar", rich_help_panel="Set up")


@app.command(rich_help_panel="Set up")
def migrate() -> None:
    """Bring the schema of the database to this version."""
    from services.commands import settings, setup
    from services.compliance.settings import Settings

    setup.migrate(settings.settings(Settings))


@app.command(rich_help_panel="Set up")
def topics(
    *, replication: Annotated[int, typer.Option(min=1, help="Copies of each partition")] = 1
) -> None:
    """Create the topics that are missing; `vbp migrate` comes first."""
    from services.commands import settings, setup
    from services.compliance.settings import Settings

    setup.create_topics(settings.settings(Settings), replication)


@app.command(rich_help_panel="Set up")
def rebuild(
    service: Annotated[
        Literal["compliance", "orders", "delivery"], typer.Argument(help="Whose tables")
    ] = "compliance",
    *,
    cut: Annotated[
        bool, typer.Option("--cut", help="Even where the topics no longer hold all that was told")
    ] = False,
) -> None:
    """Make what a service keeps anew: compliance from its facts, the others from the topics.

    The compliance workers must be stopped; those of orders and delivery end, to be started again.
    """
    from services.commands import rebuild as command
    from services.commands import settings
    from services.compliance.settings import Settings

    if service == "compliance":
        command.run(settings.settings(Settings))
    else:
        command.run_tally(settings.settings(Settings), service, cut=cut)


@app.command(rich_help_panel="Set up")
def doctor(
    *,
    database: Annotated[
        str | None, typer.Option(metavar="DSN", help="Look at this one, not at VBP_DATABASE")
    ] = None,
    kafka: Annotated[
        str | None, typer.Option(metavar="HOST:PORT", help="Look at this one, not at VBP_KAFKA")
    ] = None,
) -> None:
    """Look at everything that must be right, and say how to mend what is not."""
    from services.commands import doctor as command
    from services.commands import settings
    from services.compliance.settings import Settings

    chosen = settings.settings(Settings, database=database, kafka=kafka)
    raise typer.Exit(0 if command.run(chosen) else 1)


@audit_app.command("access")
def audit_access(
    *,
    subject: Annotated[str | None, typer.Option(help="Whose: person:liwj, key:platform-sx")] = None,
    act: Annotated[
        str | None, typer.Option(help="looked, exported, decided, signed-in or signed-out")
    ] = None,
    days: Annotated[int, typer.Option(min=1, max=365, help="How far back")] = 30,
    last: Annotated[int, typer.Option(min=1, max=100_000, help="How many at most")] = 100,
) -> None:
    """Show who asked the services what, the last first."""
    from services.commands import access, settings
    from services.compliance.settings import Settings

    access.show_access(settings.settings(Settings), subject, act, days, last)


@audit_app.command("verify")
def audit_verify(
    *,
    processes: Annotated[
        int | None,
        typer.Option(min=1, metavar="N", help="How many at once; else one a processor"),
    ] = None,
    anchors: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, help="The anchors that were told"),
    ] = None,
    key: Annotated[
        list[Path] | None,
        typer.Option(exists=True, dir_okay=False, help="Public key that signs them; repeatable"),
    ] = None,
) -> None:
    """Check violations, history, facts, counts and anchors, as of now; 1 if anything was changed.

    A line for each problem goes to stdout: what is concerned, the column, and both values.
    """
    from services.commands import audit, settings
    from services.compliance.settings import Settings

    whole = audit.verify(settings.settings(Settings), processes, anchors, key or [])
    raise typer.Exit(0 if whole else 1)


@calendar_app.command("show")
def calendar_show(
    year: Annotated[int | None, typer.Argument(metavar="[YEAR]", min=1900, max=2999)] = None,
) -> None:
    """List the years that are known; or write one as the file that import takes."""
    from services.commands import calendar, settings

    calendar.show(year, settings.calendars())


@calendar_app.command("import")
def calendar_import(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The CSV of one year: 2027.csv")],
    *,
    replace: Annotated[
        bool, typer.Option("--replace", help="Put it in the place of a year that is known already")
    ] = False,
) -> None:
    """Check the working days of a year and put them into the folder that VBP_CALENDARS names."""
    from services.commands import calendar, settings

    calendar.take(file, settings.calendars(), replace=replace)
