"""The SDK's customer, speaking the line protocol of spec/conformance.md.

opencmr conformance --customer 'python examples/conformance/customer.py'
"""

import asyncio
import json
import sys
import tempfile
from pathlib import Path

from opencmr import Customer
from opencmr.errors import OpenCMRError, Problem, Refused, Unreachable
from opencmr.messages import BODIES, validate_body

TOLD = {"split": "split", "disputed": "disputed", "date-ahead": "date", "restored": "restored", "strange-key": "key"}
"""What accuses nobody; anything else that was noticed shows that the vendor is at fault."""


async def obey(alice, command):
    vendor = command["vendor"]
    if command["do"] == "meet":
        return {"ok": True, "me": (await alice.meet(vendor)).me}
    shop = next(one for one in alice.relationships() if one.vendor == vendor)
    if command["do"] == "sync":
        await shop.sync()
        return {"ok": True}
    if command["do"] == "state":
        thread = shop.thread(command["thread"])
        last = {"last": thread.entries[-1].digest} if thread and thread.entries else {}
        return {"ok": True, "state": thread.state if thread else "none", **last}
    if command["do"] == "may":
        asked = {name: command[name] for name in ("action", "purpose", "data")}
        return {"ok": True, "answer": shop.may(**asked).answer}
    if command["do"] == "told":
        return {"ok": True, "told": sorted({TOLD.get(each.code, "fault") for each in shop.noticed})}
    body = validate_body(BODIES[command["type"]], command["body"])
    known = {"thread": command["thread"]} if "thread" in command else {}
    waiting = shop.waiting
    try:
        return {"ok": True, "thread": await shop.say(body, command.get("thread"))}
    except Refused as refused:
        return {"ok": False, "refused": refused.problem.code, **known}
    except Unreachable:
        return {"ok": False, "undecided": "unreachable", **known}
    except Problem as problem:
        if shop.waiting > waiting:
            return {"ok": False, "undecided": problem.code, **known}
        return {"ok": False, "error": str(problem)}


async def main():
    with tempfile.TemporaryDirectory() as folder:
        async with Customer.open(Path(folder) / "alice.db") as alice:
            while line := await asyncio.to_thread(sys.stdin.readline):
                try:
                    reply = await obey(alice, json.loads(line))
                except (OpenCMRError, LookupError, StopIteration, RuntimeError) as error:
                    reply = {"ok": False, "error": f"{type(error).__name__}: {error}"}
                print(json.dumps(reply), flush=True)


if __name__ == "__main__":
    asyncio.run(main())
