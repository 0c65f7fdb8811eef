"""The database: one writer thread that commits in groups, readers beside it.

What is written is durable before anybody is told: a call to `write` returns once its transaction is committed, and
several calls that wait at once share one commit. Each has its own savepoint, so that one that fails takes nothing of
the others with it. A store is opened by a path (SQLite) or by a database URL.
"""

import asyncio
import logging
import queue
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any, Self, TypeVar

from sqlalchemy.exc import SQLAlchemyError

from .._log import log_failure
from .._telemetry import committing
from ..errors import StoreError
from .engine import DATABASE_ERRORS, WRITER, is_gone, why
from .rows import Rows
from .schema import open_store

T = TypeVar("T")
_log = logging.getLogger("opencmr.store")
GROUP = 100
"""The most writes that share one commit."""


class _Job:
    def __init__(self, work: Callable[[Rows], Any]) -> None:
        self.work = work
        self.future: Future[Any] = Future()


class Store:
    """Where messages are kept.

    Args:
        where: A path (SQLite), or a URL: `postgresql://USER:PASSWORD@HOST/DATABASE`.
        read_only: Only look: the store must be there, and whatever would write fails.

    Attributes:
        where: As it was opened. A URL may hold a password: not to be shown.

    Raises:
        StoreError: It cannot be opened; it is newer than this code; or it is older, and only to be read.
    """

    def __init__(self, where: str | Path, *, read_only: bool = False) -> None:
        self.where = str(where)
        self._engine = open_store(where, read_only=read_only)
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._closed = False
        self._closing = threading.Lock()
        self._writer = threading.Thread(target=self._write_on, name=WRITER, daemon=True)
        self._writer.start()

    def read(self, work: Callable[[Rows], T]) -> T:
        """Do some reading, in the calling thread.

        Raises:
            StoreError: The database fails, or the store is closed.
        """
        if self._closed:
            raise StoreError("the store is closed")
        try:
            rows, found = self._read(work)
        except DATABASE_ERRORS as error:
            if not is_gone(error):
                raise StoreError(why(error)) from error
            try:  # the server may have been started anew since: reading twice does no harm
                rows, found = self._read(work)
            except DATABASE_ERRORS as again:
                raise StoreError(why(again)) from again
        for call in rows.done:
            call()
        return found

    def write_now(self, work: Callable[[Rows], T]) -> T:
        """Do some writing and wait until it is durable. Not for the event loop's thread.

        Raises:
            StoreError: The database fails; nothing of `work` is kept.
        """
        return self._submit(work).result()

    async def write(self, work: Callable[[Rows], T]) -> T:
        """Do some writing; returns once it is durable. Whoever is cancelled meanwhile leaves it to finish.

        Raises:
            StoreError: The database fails; nothing of `work` is kept.
        """
        return await asyncio.shield(asyncio.wrap_future(self._submit(work)))

    def close(self) -> None:
        """Finish what waits, and close."""
        with self._closing:
            closed, self._closed = self._closed, True
            if not closed:
                self._jobs.put(None)
        self._writer.join()
        self._engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _read(self, work: Callable[[Rows], T]) -> tuple[Rows, T]:
        with self._engine.connect() as connection:
            rows = Rows(connection)
            return rows, work(rows)

    def _submit(self, work: Callable[[Rows], T]) -> "Future[T]":
        job = _Job(work)
        with self._closing:  # or a job could come after the last one that the writer takes
            if self._closed:
                raise StoreError("the store is closed")
            self._jobs.put(job)
        return job.future

    def _write_on(self) -> None:
        job = self._jobs.get()
        while job is not None:
            group, job = [job], None
            while len(group) < GROUP:
                try:
                    job = self._jobs.get_nowait()
                except queue.Empty:
                    break
                if job is None:
                    self._commit(group)
                    return
                group.append(job)
            self._commit(group)
            job = self._jobs.get()

    @committing
    def _commit(self, group: list[_Job]) -> None:
        written: list[tuple[_Job, Rows, Any]] = []
        failed: list[tuple[_Job, BaseException]] = []
        group = [job for job in group if job.future.set_running_or_notify_cancel()]
        try:
            with self._engine.begin() as connection:
                for job in group:
                    rows = Rows(connection)
                    try:
                        with connection.begin_nested():
                            result = job.work(rows)
                        written.append((job, rows, result))
                    except Exception as error:
                        failed.append((job, error))
        except (SQLAlchemyError, sqlite3.Error) as error:
            failed = [(job, error) for job in group]
            written = []
        for job, rows, result in written:
            for call in rows.done:
                try:
                    call()
                except Exception as error:  # what is written is written, and the writer goes on
                    log_failure(_log, "store.afterwards-failed", error)
            job.future.set_result(result)
        for job, fault in failed:
            wrapped = StoreError(str(fault)) if isinstance(fault, SQLAlchemyError | sqlite3.Error) else fault
            wrapped.__cause__ = fault if wrapped is not fault else fault.__cause__
            job.future.set_exception(wrapped)
