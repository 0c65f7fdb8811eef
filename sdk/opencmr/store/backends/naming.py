"""What a store's name means: a path is a file, a URL of PostgreSQL a server, and nothing is both or something else.

SQLAlchemy and SQLite read more into a name: a URI of SQLite's own, options after a question mark, a path in a URL that
one of them decodes and the other does not. What they would not read alike is refused here, before a file is made.
"""

import os
import re
from pathlib import Path
from urllib.parse import unquote

from sqlalchemy import URL
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from ...errors import StoreError, UsageError

_SQLITE = re.compile(r"sqlite(?:\+pysqlite)?:(?:///(?P<path>.*))?", re.DOTALL)
_SERVER = re.compile(r"postgres(?:ql)?(?:\+\w+)?:(?!//)")
_NAMES = ("postgres", "postgresql", "postgresql+psycopg")
_SAY = "say postgresql://USER:PASSWORD@HOST/DATABASE as a text, not as a Path"
SCHEMA_OF_ITS_OWN = "postgresql://…?options=-csearch_path%3Dopencmr"
"""How to name a part of a database that no other program uses."""
_TOLD = ("host", "port", "user", "dbname", "options", "sslmode", "target_session_attrs", "application_name")
"""What of a URL's query may be shown. Whatever else stands there may be a password, or a misspelt one."""


class Misnamed(StoreError, UsageError):
    """The store's name names none; the text says what to write."""


def path_of(where: str | Path) -> str | None:
    """The file that a store's name means; none where it is a server's URL.

    Args:
        where: A path, `sqlite:///` and a path, or another URL.

    Raises:
        Misnamed: It is none of them, names a folder, or might mean another file to somebody else.
    """
    name = str(where)
    if "\0" in name:
        raise Misnamed("there is a NUL in the store's name; say its path")
    if name[:5].lower() == "file:":
        raise Misnamed(_told(name))
    path = name
    if found := _SQLITE.match(name):
        if found["path"] is None:  # of which nothing is told: there may be a password
            raise Misnamed("that names no file; say its path, such as shop.db, or sqlite:///shop.db")
        path = found["path"]
        if any(sign in path for sign in "?#%"):
            raise Misnamed(f"no options and no escapes stand in sqlite:///; say the path alone: {_cut(path)}")
    elif _SERVER.match(name):
        raise Misnamed(_SAY)
    elif "://" in name:
        return None
    return _as_the_system_reads(path)


def url_of(where: str | Path) -> URL:
    """The URL of a server, as it was written.

    Raises:
        Misnamed: It cannot be read, or no store can be kept there.
    """
    try:
        url = _read(where)
    except (ArgumentError, ValueError):  # with no cause: it would carry the URL, and so the password
        raise Misnamed(
            "the store's URL cannot be read; say postgresql://USER:PASSWORD@HOST/DATABASE, "
            "with signs such as @ and / in the password written as %40 and %2F"
        ) from None
    if url.drivername not in _NAMES:
        raise Misnamed(f"no store can be kept in {url.drivername}: name a file, or say postgresql://…")
    return url


def shown(where: str | Path) -> str:
    """A path or URL as it may be shown and logged: without passwords."""
    try:
        if path_of(where) is not None:
            return str(where)
    except Misnamed:  # it is told what is wrong with it where it is opened
        pass
    if "://" not in str(where):
        return str(where)
    try:
        url = _read(where)
    except (ArgumentError, ValueError):
        return f"{str(where).partition('://')[0]}://…"
    told = {name: value for name, value in url.query.items() if name in _TOLD}
    return url.set(query=told).render_as_string(hide_password=True)


def beside(where: str | Path) -> Path:
    """The key file of a store that is a file: beside it, with the ending `.keys`.

    Raises:
        UsageError: The store is no file, or its own name ends so.
    """
    path = path_of(where)
    if path is None:
        raise UsageError("name a key file with `keys=` for a store that is no file")
    keys = Path(path).with_suffix(".keys")
    if keys == Path(path):
        raise UsageError(f"{path} is the name of a key file; name the store otherwise, such as {keys.stem}.db")
    return keys


def _read(where: str | Path) -> URL:
    url = make_url(str(where))
    if "@" in (url.database or ""):  # the rest of a password that was not written so
        raise ValueError
    return url


def _as_the_system_reads(path: str) -> str:
    """A path that SQLAlchemy, which takes `..` out of it by itself, and SQLite read as the system does."""
    if path in ("", ":memory:"):
        raise Misnamed("a store outlives its process: name a file")
    folder, name = os.path.split(path)
    if name in ("", ".", ".."):
        raise Misnamed(f"{path} names a folder; name a file in it")
    return os.path.join(os.path.realpath(folder), name) if ".." in Path(folder).parts else path


def _told(name: str) -> str:
    """What to write instead of a URI of SQLite's."""
    path = _cut(name[5:])
    if path.startswith("//"):
        host, _, rest = path[2:].partition("/")
        path = f"/{rest}" if host in ("", "localhost") and rest else ""
    meant = unquote(path)
    said = "a store is named by its path, not by a URI of SQLite's"
    if meant in ("", ":memory:"):
        return f"{said}: say shop.db"
    return f"{said}: say {meant}; a file whose own name begins so is ./{name[:5]}…"


def _cut(path: str) -> str:
    return re.split("[?#]", path, maxsplit=1)[0]
