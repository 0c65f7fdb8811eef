"""One run of the demo: a folder is made, the shops are started, and all is cleared away whatever happens."""

import asyncio
import random
import signal
import tempfile
import time
from pathlib import Path
from typing import Any

import orjson

from ...errors import OpenCMRError, StoreError
from ...messages.intent import Cast
from ...protocol import evidence
from ...roles.party.export import Exported, export
from ...store import copy_store
from ..folder import read_folder
from ..output import as_typed
from .persona import Persona
from .scenes import Failed, Scenes
from .shops import open_shops
from .story import Story, Teller
from .wish import read_wish

SHOPS = ("Northwind", "Hazel")
CUSTOMER = "customer.db"
STORY = "story.json"
_EVIDENCE = "evidence"


class Interrupted(OpenCMRError):
    """Somebody stopped the demo."""


def run(intent: Path, seed: int, teller: Teller, out: Path | None = None) -> dict[str, Any]:
    """Play the demo once.

    Args:
        intent: The file with what the customer wants.
        seed: Makes repeatable what is up to chance.
        teller: Who tells it while it happens.
        out: The folder to leave the evidence in; absent: nothing is left.

    Returns:
        The story as plain JSON.

    Raises:
        BadIntent: Says which member of the file is wrong.
        ShopFailed, Failed, Interrupted: It did not come to its end.
    """
    began = time.monotonic()
    wish = read_wish(intent)
    dice = random.Random(seed)  # noqa: S311  # decides who the customer is, not about secrets
    persona = Persona.of(dice, wish)
    about: dict[str, Any] = {"seed": seed, "intent": str(intent), "customer": persona.whole_name}
    teller.opening(
        f"{about['customer']} wants: {' + '.join(want.name for want in wish.wants)}",
        f"{persona.name}, {' and '.join(SHOPS)}: three processes on this machine, talking HTTP. Times are UTC.",
    )
    with tempfile.TemporaryDirectory(prefix="opencmr-demo-") as made:
        folder = Path(made)
        story = Story(about)
        written = asyncio.run(_until_signalled(_play(story, teller, wish, persona, dice, folder)))
        about["messages"] = len(written.numbers)
        about["manifest"] = written.digest
        about["seconds"] = round(time.monotonic() - began, 1)
        told = story.as_dict(written.numbers)
        if out is not None:
            _leave(folder, out, told)
    last = [f"{about['messages']} messages and receipts in {about['seconds']} s, kept alike by both sides."]
    if out is not None:
        last += [f"All of it is in {out}. Check it yourself: {as_typed()} verify {out}"]
    teller.closing(*last)
    return told


async def _play(
    story: Story, teller: Teller, wish: Cast, persona: Persona, dice: random.Random, folder: Path
) -> Exported:
    async with open_shops(folder, *SHOPS) as shops:
        scenes = Scenes(shops, folder / CUSTOMER, wish, persona, dice, story, teller)
        await scenes.run()
    await scenes.compare()
    written = await asyncio.to_thread(export, folder / _EVIDENCE, folder / CUSTOMER)
    await scenes.verified(lambda: _verify(folder / _EVIDENCE))
    return written


async def _until_signalled(playing: Any) -> Any:
    """Play until it ends, or until a signal comes: then everything is cleared away first."""
    task = asyncio.ensure_future(playing)
    stopped: list[int] = []
    loop = asyncio.get_running_loop()

    def stop(number: int) -> None:
        stopped.append(number)
        task.cancel()

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop, number)
    try:
        return await task
    except asyncio.CancelledError:
        if not stopped:
            raise
        raise Interrupted("stopped; the shops are closed") from None


def _verify(folder: Path) -> dict[str, int]:
    """Read the folder as a stranger would, and check it."""
    read = read_folder(folder)
    findings = read.findings
    if read.evidence is not None:
        checked = evidence.examine(read.evidence)
        if checked.ok:
            return dict(checked.counts)
        findings = checked.findings
    raise Failed("the evidence does not hold: " + "; ".join(f"{each.name}: {each.why}" for each in findings))


def _leave(folder: Path, out: Path, told: dict[str, Any]) -> None:
    """Leave the evidence, the story and the files of all three; the keys stay behind."""
    try:
        out.mkdir(parents=True, exist_ok=True)
        for file in (folder / _EVIDENCE).rglob("*.json"):
            kept = out / file.relative_to(folder / _EVIDENCE)
            kept.parent.mkdir(parents=True, exist_ok=True)
            kept.write_bytes(file.read_bytes())
        for store in folder.glob("*.db"):
            copy_store(store, out / store.name)
        (out / STORY).write_bytes(orjson.dumps(told, option=orjson.OPT_INDENT_2) + b"\n")
    except (OSError, StoreError) as error:
        raise StoreError(f"cannot write into {out}: {error}") from error
