"""Commands about events: judged, made, imported, published; and the rules that judge them."""

# ruff: noqa: PLC0415  # a command loads what it needs when it is called, so that help is instant

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Literal

import typer

from services.cli import options

app = typer.Typer()
import_app = typer.Typer(no_args_is_help=True, help="Turn other records into events.")
policy_app = typer.Typer(no_args_is_help=True, help="Policies: the documents behind the rules.")
app.add_typer(import_app, name="import", rich_help_panel="Events")
app.add_typer(policy_app, name="policy", rich_help_panel="Events")


@app.command(rich_help_panel="Events")
def replay(  # noqa: PLR0913  # one parameter an option
    files: options.Files,
    *,
    as_of: Annotated[datetime, options.Time],
    policy: Annotated[
        str | None, typer.Option(metavar="ID", help="Judge all of it under this one policy")
    ] = None,
    set_: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="NAME=VALUE",
            help="Put a value in place of the policies' own; may be given often",
        ),
    ] = None,
    form: Annotated[
        Literal["ndjson", "csv", "table"], typer.Option("--format", help="How to write them")
    ] = "ndjson",
    strict: options.Strict = False,
) -> None:
    """Judge an archive of events, in any order, as of a moment; no bus or database is needed."""
    from services.commands import archives
    from services.commands import replay as command

    refusals = archives.Refusals()
    chosen = command.Chosen(policy, options.values(set_))
    command.run(files, as_of, chosen, form, refusals)
    options.leave(strict=strict, refused=refusals.count)


@app.command(rich_help_panel="Events")
def simulate(  # noqa: PLR0913  # one parameter an option
    *,
    out: options.Out,
    truth: Annotated[
        str | None, typer.Option(metavar="FILE", help="Where to write what must be found")
    ] = None,
    jurisdiction: Annotated[str, typer.Option(help="Whose law and places")] = "cn-sx",
    hospitals: Annotated[int, typer.Option(help="How many hospitals order")] = 100,
    days: Annotated[int, typer.Option(help="For how long")] = 180,
    orders: Annotated[int, typer.Option(help="How many orders, besides the planted ones")] = 24_000,
    seed: options.Seed = 1,
    until: Annotated[datetime | None, options.Time] = None,
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
    out: options.Out = "-",
    strict: options.Strict = False,
) -> None:
    """Turn the SCMS delivery history (HIV medicines, 2006 to 2015) into events."""
    from services.commands import archives, scms

    refusals = archives.Refusals()
    scms.run(file, out, refusals)
    options.leave(strict=strict, refused=refusals.count)


@app.command(rich_help_panel="Events")
def publish(files: options.Files, *, strict: options.Strict = False) -> None:
    """Check events and put them on the bus; done when the broker has taken them all."""
    from services.commands import archives, settings
    from services.commands import publish as command
    from services.compliance.settings import Settings
    from shared.domain.permits import OPERATOR

    refusals = archives.Refusals()
    command.run(files, settings.settings(Settings).cluster(OPERATOR), refusals)
    options.leave(strict=strict, refused=refusals.count)


@app.command(rich_help_panel="Events")
def bulletin(  # noqa: PLR0913  # one parameter an option
    month: Annotated[str, typer.Argument(metavar="YYYY-MM", help="The month it is of")],
    *,
    jurisdiction: Annotated[str, typer.Option(help="Whose bulletin")] = "cn-sx",
    form: Annotated[
        Literal["html", "csv", "xlsx", "json"], typer.Option("--format", help="How to write it")
    ] = "html",
    out: Annotated[str, typer.Option(metavar="FILE", help="Where to write; - is stdout")] = "-",
    issue: Annotated[
        bool, typer.Option("--issue", help="Issue it: it then stays as it is")
    ] = False,
    by: Annotated[str | None, typer.Option(metavar="NAME", help="Who issues it")] = None,
) -> None:
    """Write the bulletin of a month (通报): completion, distributors, violations, shortages."""
    from services.commands import bulletin as command
    from services.commands import settings
    from services.compliance.answers.bulletin import Wanted
    from services.compliance.settings import Settings
    from shared.adapters.parameters import month_of
    from shared.domain.errors import InvalidArgumentError

    try:
        month_of(month)
    except InvalidArgumentError as error:
        raise typer.BadParameter(str(error)) from error
    if issue != (by is not None):
        raise typer.BadParameter("--issue and --by NAME go together")
    chosen = settings.settings(Settings)
    command.run(chosen, Wanted(jurisdiction, month), form, out, by)


@app.command(rich_help_panel="Events")
def rules(name: Annotated[str | None, typer.Argument(metavar="[RULE]")] = None) -> None:
    """List the rules and their clauses; or explain one: its reading, texts and values."""
    from services.commands import rules as command

    command.run(name)


@policy_app.command("show")
def policy_show(
    policy: Annotated[str, typer.Argument(metavar="ID", help="cn-sx-2021-22, for one")],
    *,
    lang: Annotated[Literal["zh", "en"], typer.Option("--lang", help="In which language")] = "zh",
) -> None:
    """Print a policy as a document: clauses, what judges them or why nothing can, values."""
    from services.commands import rules as command

    command.show_policy(policy, lang)
