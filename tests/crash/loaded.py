"""What the vendor and the customers need, loaded once: processes are forked from the one that has it."""

import uvicorn.protocols.http.httptools_impl
import uvloop
from alembic import command

import crash.customer
import opencmr.cli.app
import opencmr.cli.serve
import opencmr.transport.app

__all__ = ["command", "crash", "opencmr", "uvicorn", "uvloop"]
