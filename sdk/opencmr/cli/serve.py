"""`opencmr serve`: a vendor over HTTP."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import OpenCMRError, UsageError
from .logs import Format, Level, configure

if TYPE_CHECKING:
    import socket

    from ..roles import Vendor


def serve(
    where: Annotated[
        str, typer.Argument(metavar="MODULE:VENDOR", help="Where the vendor is: shop:shop, or examples/shop.py:shop.")
    ],
    host: Annotated[
        str | None, typer.Option(help="The address to listen on; absent: the DID's loopback host, else 127.0.0.1.")
    ] = None,
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="The port; absent: the DID's on loopback, else 8000.")
    ] = None,
    fd: Annotated[int | None, typer.Option(help="Serve on this open, listening socket instead.")] = None,
    test_mode: Annotated[
        bool, typer.Option("--test-mode", help="Answer as the conformance suite provokes it, not as the vendor would.")
    ] = False,
    health: Annotated[
        str | None, typer.Option(metavar="[HOST:]PORT", help="Answer /healthz and /readyz there; HOST: 127.0.0.1.")
    ] = None,
    drain: Annotated[
        float, typer.Option(metavar="SECONDS", min=0, help="Go on listening so long when told to stop, not ready.")
    ] = 0,
    proxy: Annotated[
        str, typer.Option(metavar="ADDRESS[,…]", help="Believe these proxies about a client's network address.")
    ] = "127.0.0.1,::1",
    log_format: Annotated[
        Format, typer.Option(help="How log records are written to stderr, a line each.")
    ] = Format.text,
    log_level: Annotated[Level, typer.Option(help="From which level on; info tells of each message.")] = Level.warning,
    verbose: Annotated[bool, typer.Option("--verbose", help="Log each request, too.")] = False,
) -> None:
    """Serve a vendor over HTTP, until it is told to stop (Ctrl-C, SIGTERM).

    VENDOR is a Vendor, or a function that makes one. For the world outside, put a proxy that speaks TLS in front: a
    did:web is reached over https, and over plain http on loopback only.

    Told to stop, it finishes and acknowledges what is at work; told again, it ends at once. Either way nothing is lost
    that was acknowledged. More in docs/operation.md.

    \b
    Examples:
      opencmr serve examples/shop.py:shop
      opencmr serve shop:shop --health 8081 --drain 10 --log-format json --log-level info
    """
    try:
        from ..roles import Vendor
        from ..transport.app import application  # noqa: F401  # tells whether starlette is there
        from ..transport.server import configuration
        from .draining import Server
    except ImportError as error:
        raise UsageError(f"{error.name} is missing; say: pip install 'opencmr[vendor]'") from error
    vendor = _vendor(where, Vendor)
    configure(log_format, log_level, access=verbose)
    if test_mode:
        from ..conformance import testmode

        testmode.install(vendor)
    listening = _open(fd) if fd is not None else _listen(*_address(vendor.did, host, port))
    config = configuration(
        vendor.asgi(),
        proxies=[each.strip() for each in proxy.split(",") if each.strip()],
        log_config=None,
        access_log=verbose,
        server_header=False,
    )
    probes = _listen(*_where(health)) if health is not None else None
    _collect_seldom()
    _announce(vendor, listening, probes)
    _run(Server(config, vendor, grace=drain, probes=probes), listening)
    typer.echo("stopped")


def _collect_seldom() -> None:
    """Let the garbage collector look less often at what a server remembers: none of it is in a cycle.

    A full collection walks through all histories and answers, and everybody waits for it meanwhile.
    """
    import gc

    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)


def _vendor(where: str, kind: "type[Vendor]") -> "Vendor":
    """The vendor that is named.

    Raises:
        UsageError: There is no such module, or no such vendor in it.
    """
    place, _, name = where.rpartition(":")
    if not place or not name:
        raise UsageError(f"{where}: say MODULE:VENDOR, such as shop:shop or examples/shop.py:shop")
    module = _module(place)
    if not hasattr(module, name):
        there = [each for each, value in vars(module).items() if isinstance(value, kind)]
        raise UsageError(f"{place} has no {name}" + (f"; it has {', '.join(there)}" if there else ""))
    found = getattr(module, name)
    if not isinstance(found, kind) and callable(found):
        found = found()
    if not isinstance(found, kind):
        raise UsageError(f"{where} is {type(found).__name__}, not a Vendor; name what Vendor.open gave")
    return found


def _module(place: str) -> Any:
    """A module by its name or by its file; the working folder, or the file's, can be imported from."""
    import importlib
    import importlib.util

    file = Path(place)
    by_file = file.suffix == ".py" or "/" in place
    sys.path.insert(0, str(file.resolve().parent if by_file else Path.cwd()))
    if not by_file:
        try:
            return importlib.import_module(place)
        except ModuleNotFoundError as error:
            if error.name is None or not (place + ".").startswith(error.name + "."):
                raise
            raise UsageError(f"there is no module {place} here; name a file, such as examples/shop.py:shop") from error
    spec = importlib.util.spec_from_file_location(file.stem, file)
    if not file.is_file() or spec is None or spec.loader is None:
        raise UsageError(f"there is no Python file {place}")
    module = importlib.util.module_from_spec(spec)
    sys.modules[file.stem] = module
    spec.loader.exec_module(module)
    return module


def _address(did: str, host: str | None, port: int | None) -> tuple[str, int]:
    """Where to listen: as said, else as the DID says where it is on loopback, else behind a proxy."""
    from urllib.parse import urlsplit

    from ..trust import is_loopback, web_urls

    origin = urlsplit(web_urls(did)[1])
    known = origin.hostname if origin.hostname and is_loopback(origin.hostname) else None
    return host or known or "127.0.0.1", port if port is not None else (origin.port or 80) if known else 8000


def _listen(host: str, port: int) -> "socket.socket":
    import socket

    from ..trust import is_loopback

    if not is_loopback(host) and host != "::1":
        typer.echo(
            f"opencmr: warning: {host} can be reached from outside, and this is plain http. "
            "Let a proxy that speaks TLS listen there, and serve on 127.0.0.1.",
            err=True,
        )
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        return socket.create_server((host, port), family=family, backlog=2048)
    except OSError as error:
        why = error.strerror or str(error)
        raise OpenCMRError(f"cannot listen on {host}, port {port}: {why}; name another with --port") from error


def _where(address: str) -> tuple[str, int]:
    """Host and port of `[HOST:]PORT`.

    Raises:
        UsageError: It is neither.
    """
    host, _, port = address.rpartition(":")
    if not port.isdecimal() or int(port[:6]) > 65535:
        raise UsageError(f"{address}: say a port, or HOST:PORT, such as 8081 or 10.0.0.5:8081")
    return host.strip("[]") or "127.0.0.1", int(port)


def _open(fd: int) -> "socket.socket":
    import socket

    try:
        return socket.socket(fileno=fd)
    except OSError as error:
        raise UsageError(f"file descriptor {fd} is no socket: {error.strerror}") from error


def _announce(vendor: "Vendor", listening: "socket.socket", probes: "socket.socket | None") -> None:
    from ..trust import web_urls

    host, port = listening.getsockname()[:2]
    typer.echo(f"serving    {vendor.did}")
    typer.echo(f"endpoint   {vendor.endpoint}")
    typer.echo(f"discovery  {web_urls(vendor.did)[1]}/.well-known/opencmr")
    if probes is not None:
        typer.echo("health     {}:{}".format(*probes.getsockname()[:2]))
    typer.echo(f"listening  {host}:{port}")
    sys.stdout.flush()


def _run(server: Any, listening: "socket.socket") -> None:
    """Serve until a signal; one that comes before the server takes them counts, too."""
    import signal

    before = {number: signal.signal(number, server.handle_exit) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        server.run(sockets=[listening])
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        listening.close()
