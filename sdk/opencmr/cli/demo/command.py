"""The options of `opencmr demo`, and its beginning and end."""

from pathlib import Path
from typing import Annotated

import typer

from ... import _spec
from ...errors import UsageError
from ..output import Json, console, print_json


def demo(
    intent: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="What the customer wants: the body of an intent.cast. Absent: rugged boots."),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER", help="Leave the evidence, the story and all three SQLite files in a new folder."
        ),
    ] = None,
    as_json: Json = False,
    seed: Annotated[
        int,
        typer.Option(
            help="Makes the customer's name, address and numbers, and the choice among near-equal offers, repeatable. "
            "Keys, ids, ports and times are new each time."
        ),
    ] = 0,
) -> None:
    """Watch a customer and two shops go through a whole relationship: three processes, real HTTP.

    Terms, a consent, an intent, offers, an order, and the consent taken back. In the end the records of both sides are
    compared, and all of the evidence is verified offline.

    \b
    Examples:
      opencmr demo
      opencmr demo --intent examples/intents/family-car.json --out demo-out
      opencmr verify demo-out
    """
    from .run import Interrupted, run
    from .shops import ShopFailed
    from .story import Teller

    file = intent or _spec.examples() / "intents" / "rugged-boots.json"
    if out is not None and out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise UsageError(f"{out} is there already and not empty; name a new folder")
    if as_json:
        print_json(run(file, seed, Teller(), out))
        return
    from .screen import Screen

    try:
        run(file, seed, Screen(console(80)), out)
    except ShopFailed as failed:
        typer.echo(f"opencmr: {failed.why}; its log ends:\n{failed.log}", err=True)
        raise typer.Exit(1) from failed
    except Interrupted as stopped:
        typer.echo(f"opencmr: {stopped}", err=True)
        raise typer.Exit(130) from stopped
