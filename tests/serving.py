"""A real server on loopback for an ASGI application, for the tests of one module or one test."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn


@contextmanager
def listening() -> Iterator[socket.socket]:
    """A socket that is bound already, so that its port can stand in a DID before anything is served."""
    with socket.create_server(("127.0.0.1", 0)) as bound:
        yield bound


def did_of(bound: socket.socket) -> str:
    """The `did:web` of whoever is served on this socket."""
    return f"did:web:127.0.0.1%3A{bound.getsockname()[1]}"


@contextmanager
def served(app: Any, bound: socket.socket) -> Iterator[str]:
    """Serve an application on a bound socket; gives the base URL."""
    config = uvicorn.Config(app, log_config=None, ws="none", lifespan="on", timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{bound.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(10)
    assert not thread.is_alive()
