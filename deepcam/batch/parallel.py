"""Several files at once: processes that each do one after the other.

A process that dies (memory, a fault in a decoder) costs its file a second try in a new process,
and then one sentence; the others go on.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
from collections.abc import Sequence
from dataclasses import replace
from multiprocessing.connection import Connection, wait
from typing import TYPE_CHECKING, Any

import psutil

from deepcam.batch.job import Job, Kind, Options, Outcome
from deepcam.batch.work import OnProgress, Workshop, do
from deepcam.errors import DeepcamError
from deepcam.runtime.endings import interrupt_once
from deepcam.runtime.quiet import seal
from deepcam.sinks.place import sweep

if TYPE_CHECKING:
    from deepcam.batch.files import Done

PROCESS = 900 << 20
"""Bytes that a process takes with networks and tracker loaded (650 MB measured)."""
PER_PIXEL = 40
"""Bytes for each pixel of a picture in work: decoded, copied, painted, encoded."""
VIDEO = 400 << 20
"""Bytes for a video in work: frames of the codecs."""
PAYS = 6
"""Pictures for each process below which starting it costs more than it brings; a video counts for
as many."""
TRIES = 2
_SLOWEST_END = 10.0
"""Seconds for a process to leave nothing behind when it is told to end."""


def how_many(jobs: Sequence[Job], options: Options) -> int:
    """Processes that pay for ``jobs``, as cores and free memory allow, or as ``options`` say."""
    if options.workers:
        return min(options.workers, max(1, len(jobs)))
    weight = sum(PAYS if job.kind is Kind.VIDEO else 1 for job in jobs)
    memory = int(psutil.virtual_memory().available // (PROCESS + VIDEO))
    return max(1, min(cores(), memory, weight // PAYS, len(jobs)))


def cores() -> int:
    """Processor cores that this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # Windows, macOS
        return os.cpu_count() or 1


def needs(job: Job) -> int:
    """Bytes for working on ``job``, roughly, beside the process itself."""
    if job.kind is Kind.VIDEO:
        return VIDEO
    from deepcam.sources.pictures import PictureFile

    try:
        with PictureFile(job.source) as picture:
            width, height = picture.size
            return width * height * PER_PIXEL
    except DeepcamError:
        return 0


def run(
    jobs: Sequence[Job],
    options: Options,
    session: int,
    workers: int,
    done: Done,
    on_progress: OnProgress | None = None,
) -> None:
    """Do ``jobs`` in ``workers`` processes. Raises the ``DeepcamError`` of a process that cannot
    generate faces at all; whatever ends it, all processes have ended then."""
    # Each has its share of the cores; how many threads a network has changes no pixel.
    threads = max(1, min(options.threads, cores() // workers))
    pool = _Pool(replace(options, threads=threads), session, workers)
    try:
        pool.run(jobs, done, on_progress)
    finally:
        pool.close()


class _Pool:
    def __init__(self, options: Options, session: int, workers: int) -> None:
        self._options, self._session, self._workers = options, session, workers
        self._busy: dict[Connection, tuple[Job, int]] = {}
        self._processes: dict[Connection, Any] = {}
        self._idle: list[Connection] = []

    def run(self, jobs: Sequence[Job], done: Done, on_progress: OnProgress | None) -> None:
        # The longest first: nobody waits for one of them at the end.
        queue = sorted(((job, 1) for job in jobs), key=lambda one: _size(one[0]))
        while queue or self._busy:
            while queue and len(self._busy) < self._workers and self._fits(queue[-1][0]):
                self._give(*queue.pop())
            for ready in wait(list(self._busy)):
                assert isinstance(ready, Connection)
                self._hear(ready, queue, done, on_progress)

    def close(self) -> None:
        """End all processes; each throws away what it has half-written."""
        for connection, process in self._processes.items():
            if connection in self._busy:
                process.terminate()
            with contextlib.suppress(OSError):
                connection.close()
        for process in self._processes.values():
            process.join(_SLOWEST_END)
            if process.is_alive():
                process.kill()
                process.join()
        for job, _ in self._busy.values():
            sweep(job.target)
        self._processes, self._busy, self._idle = {}, {}, []

    def _fits(self, job: Job) -> bool:
        if not self._busy:
            return True
        start = 0 if self._idle else PROCESS
        return needs(job) + start < int(psutil.virtual_memory().available)

    def _give(self, job: Job, attempt: int) -> None:
        if not self._idle:
            self._start()
        connection = self._idle.pop()
        self._busy[connection] = (job, attempt)
        with contextlib.suppress(OSError):  # it died while idle: hearing nothing tells
            connection.send(job)

    def _start(self) -> None:
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        process = context.Process(
            target=work,
            args=(theirs, self._options, self._session),
            name="deepcam-files",
            daemon=True,
        )
        process.start()
        theirs.close()
        self._processes[ours] = process
        self._idle.append(ours)

    def _hear(
        self,
        connection: Connection,
        queue: list[tuple[Job, int]],
        done: Done,
        on_progress: OnProgress | None,
    ) -> None:
        job, attempt = self._busy[connection]
        try:
            kind, *rest = connection.recv()
        except (EOFError, OSError):
            del self._busy[connection]
            self._processes.pop(connection).join()
            connection.close()
            sweep(job.target)
            if attempt < TRIES:
                queue.append((job, attempt + 1))
                return
            done(job, DeepcamError(f"{job.source_name} ended the process that worked on it."))
            return
        if kind == "progress":
            if on_progress is not None:
                on_progress(job, *rest)
            return
        del self._busy[connection]
        self._idle.append(connection)
        if kind == "broken":
            raise DeepcamError(*rest)
        done(job, DeepcamError(*rest) if kind == "failed" else rest[0])


def work(connection: Connection, options: Options, session: int) -> None:
    """A process of the pool: jobs in, outcomes out, until the other end closes."""
    seal()
    interrupt_once()

    def on_progress(_: Job, count: int, total: int) -> None:
        connection.send(("progress", count, total))

    # Ctrl-C reaches every process of a terminal; the first one says what happened.
    with (
        contextlib.suppress(EOFError, OSError, KeyboardInterrupt),
        Workshop(options, session) as shop,
    ):
        while True:
            job = connection.recv()
            try:
                outcome: Outcome = do(job, shop, options, on_progress)
            except DeepcamError as error:
                kind = "broken" if shop.broken else "failed"
                connection.send((kind, error.what, error.remedy))
            else:
                connection.send(("done", outcome))


def _size(job: Job) -> int:
    try:
        return job.source.stat().st_size * (1 if job.kind is Kind.IMAGE else 8)
    except OSError:
        return 0
