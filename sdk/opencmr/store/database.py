"""The database: one writer thread that commits in groups, readers beside it.

What is written is durable before anybody is told: a call to `write` returns once its transaction is committed. It
waits here, in `Store._jobs`, until the writer has committed the group before; the calls that wait then are the next
group and share one transaction. One that fails takes nothing of the others with it. `batch` holds the rows of one
transaction, and nothing waits there. A store is opened by a path (SQLite) or by a database URL.
"""

import asyncio
import logging
import queue
import threading
from collections.abc import Callable, Collection
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter
from typing import Any, Self, TypeVar

from .._log import log_failure, tell
from .._telemetry import internal, measure_commit, measure_store_wait
from ..errors import StoreError, UsageError
from .backends import DATABASE_ERRORS, is_gone, may_pass, why
from .batch import Batch
from .derived import compute_anew
from .rows import Rows
from .schema import open_store

T = TypeVar("T")
_Told = tuple["_Job", Any, BaseException | None]
_log = logging.getLogger("opencmr.store")
GROUP = 100
"""The most writes that share one commit."""
TRIES = 3
"""How often a write is done that another process stands in the way of."""


class _Undone(Exception):
    """A transaction failed before it was to be committed: nothing of it is kept, so it may be tried again."""


@dataclass(slots=True)
class _Job:
    """A write that waits: what it does, what it is about, whom to tell; its span, and since when it waits."""

    work: Callable[[Rows], Any]
    about: tuple[str, str] | None
    future: "Future[Any] | asyncio.Future[Any]"
    loop: asyncio.AbstractEventLoop | None = None
    span: Any = None
    since: float = field(default_factory=perf_counter)


class Store:
    """Where messages are kept.

    Args:
        where: A path (SQLite), or a URL: `postgresql://USER:PASSWORD@HOST/DATABASE`.
        read_only: Only look: the store must be there, and whatever would write fails.
        alone: Keep other processes from writing, so that nobody has to look whether they have. SQLite only.

    Attributes:
        where: As it was opened. A URL may hold a password: not to be shown.
        alone: Whether no other process can write.

    Raises:
        StoreError: It cannot be opened; it is newer than this code, or older and only to be read; somebody is alone
            with it, or there where this one was to be alone.
        UsageError: `alone` of a store on a server.
    """

    def __init__(self, where: str | Path, *, read_only: bool = False, alone: bool = False) -> None:
        self.where = str(where)
        self.alone = alone
        self._backend = open_store(where, read_only=read_only)
        try:
            self._give_up: Callable[[], None] | None = None if read_only else self._backend.claim(alone=alone)
        except BaseException:
            self._backend.close()
            raise
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._closed = False
        self._closing = threading.Lock()
        self._writer = threading.Thread(target=self._write_on, name="opencmr-store", daemon=True)
        self._writer.start()
        if not read_only:
            try:
                compute_anew(self.read, self.write_now)
            except BaseException:
                self.close()
                raise

    def read(self, work: Callable[[Rows], T]) -> T:
        """Do some reading, in the calling thread.

        Raises:
            StoreError: The database fails, or the store is closed.
            UsageError: `work` writes.
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

    def stamp(self) -> int | None:
        """A number that is another one once anybody may have written anything; none where it would cost too much.

        Raises:
            StoreError: The database fails, or the store is closed.
        """
        return self._watched(self._backend.stamp)

    def version(self, number: int) -> int | None:
        """The version of a relationship, asked for as cheaply as can be; none where there is no such relationship.

        Raises:
            StoreError: The database fails, or the store is closed.
        """
        return self._watched(lambda: self._backend.version(number))

    def versions(self, numbers: Collection[int]) -> dict[int, int]:
        """The versions of many relationships, by one question.

        Raises:
            StoreError: The database fails, or the store is closed.
        """
        return self._watched(lambda: self._backend.versions(numbers))

    def write_now(self, work: Callable[[Rows], T]) -> T:
        """Do some writing and wait until it is durable. Not for the event loop's thread.

        Raises:
            StoreError: The database fails; nothing of `work` is kept.
            UsageError: It is asked for within another write, which would wait for itself.
        """
        if threading.current_thread() is self._writer:
            raise UsageError("a write is not asked for within another: do it with the same rows")
        future: Future[T] = Future()
        self._submit(_Job(work, None, future))
        return future.result()

    async def write(self, work: Callable[[Rows], T], *, about: tuple[str, str] | None = None) -> T:
        """Do some writing; returns once it is durable. Whoever is cancelled meanwhile leaves it to finish.

        Args:
            work: What reads and writes. It may run more than once: where the transaction fails before its commit, all
                that share it are done anew, each alone.
            about: The DIDs of the relationship that it looks at first, our own before the other's: those of all writes
                that share a transaction are read at once.

        Raises:
            StoreError: The database fails; nothing of `work` is kept.
        """
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        with internal("opencmr.store.write", {}) as span:
            self._submit(_Job(work, about, future, loop, span))
            return await future

    def compact(self) -> None:
        """Give the room of what was deleted back to the disk, where the database does not do so itself.

        Not for the event loop's thread. Where it is impossible now, as on a full disk, the room is used again for what
        comes next.
        """
        self._backend.compact()

    def scrub(self) -> bool:
        """Let nothing of what was erased stand in the database's files, neither in free pages nor in a journal.

        Not for the event loop's thread: it writes the tables anew, and others may have to wait for it.

        Returns:
            Whether nothing is left to do. Where something is, as while another reads, it stays noted.

        Raises:
            StoreError: The store cannot be read or written.
        """
        asked = self.read(Rows.scrubs)
        if asked and not self._backend.scrub():
            return False
        if asked:
            self.write_now(lambda rows: rows.scrubbed(asked))
        return True

    def close(self) -> None:
        """Finish what waits, and close."""
        with self._closing:
            closed, self._closed = self._closed, True
            if not closed:
                self._jobs.put(None)
        self._writer.join()
        if self._give_up is not None:
            self._give_up()
        self._backend.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _watched(self, ask: Callable[[], T]) -> T:
        if self._closed:
            raise StoreError("the store is closed")
        try:
            return ask()
        except DATABASE_ERRORS as error:
            raise StoreError(why(error)) from error

    def _read(self, work: Callable[[Rows], T]) -> tuple[Rows, T]:
        with self._backend.transaction() as connection:
            rows = Rows(Batch(connection))
            found = work(rows)
        if rows.pending:
            raise UsageError("a store is written to with write")
        return rows, found

    def _submit(self, job: _Job) -> None:
        with self._closing:  # or a job could come after the last one that the writer takes
            if self._closed:
                raise StoreError("the store is closed")
            self._jobs.put(job)

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
                    self._jobs.put(None)  # nothing comes after it: it is taken again once this group is written
                    break
                group.append(job)
            measure_store_wait(group)
            self._commit(group)
            job = self._jobs.get()

    def _commit(self, group: list[_Job], tries: int = TRIES) -> None:
        try:
            told = self._together(group)
        except _Undone as error:
            if len(group) > 1:  # one of them broke it for all
                for job in group:
                    self._commit([job])
                return
            if tries > 1 and may_pass(error.__cause__):
                return self._commit(group, tries - 1)
            told = [(group[0], None, error.__cause__)]
        except DATABASE_ERRORS as error:
            told = [(job, None, error) for job in group]
        _tell(told)

    @measure_commit
    def _together(self, group: list[_Job]) -> list[_Told]:
        """Do some writes in one transaction, and what is to be done after it.

        Raises:
            _Undone: The database failed before it was asked to commit.
            What a database raises: It failed to commit. Who knows what is kept.
        """
        told: list[_Told] = []
        done: list[Callable[[], None]] = []
        with self._backend.transaction(writing=True) as connection:
            try:
                batch = Batch(connection, writing=True)
                batch.look_up(job.about for job in group if job.about is not None)
                for job in group:
                    rows = Rows(batch)
                    try:
                        result = job.work(rows)
                        rows.settle()
                    except DATABASE_ERRORS:
                        raise
                    except Exception as error:
                        rows.undo()
                        told.append((job, None, error))
                    else:
                        done += rows.done
                        told.append((job, result, None))
                batch.flush()
            except DATABASE_ERRORS as error:
                raise _Undone from error
        for call in done:
            try:
                call()
            except Exception as error:  # what is written is written, and the writer goes on
                log_failure(_log, "store.afterwards-failed", error)
        return told


def _tell(told: list[_Told]) -> None:
    """Tell what became of writes: each event loop is woken once for all of its own."""
    by_loop: dict[asyncio.AbstractEventLoop | None, list[_Told]] = {}
    for job, result, error in told:
        if isinstance(error, DATABASE_ERRORS):
            wrapped = StoreError(why(error))
            wrapped.__cause__ = error
            error = wrapped
        by_loop.setdefault(job.loop, []).append((job, result, error))
    for loop, mine in by_loop.items():
        if loop is None:
            _settle(mine)
        else:
            try:
                loop.call_soon_threadsafe(_settle, mine)
            except RuntimeError:  # it is closed, and nobody waits any more
                tell(_log, logging.DEBUG, "store.nobody-waits", count=len(mine))


def _settle(told: list[_Told]) -> None:
    for job, result, error in told:
        if job.future.done():  # whoever waited has gone
            continue
        if error is None:
            job.future.set_result(result)
        else:
            job.future.set_exception(error)
