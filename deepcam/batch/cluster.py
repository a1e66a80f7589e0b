"""Many files on many machines: Ray (the extra ``cluster``) hands them out.

Every machine has deepcam installed and sees the same folders, or the files lie behind an address
such as s3://. A file's result is the same wherever it is made (``deepcam.batch.work``), so a try
that broke off with its machine is simply made again.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from deepcam.batch.job import Job, Options, Outcome
from deepcam.batch.parallel import PROCESS, needs
from deepcam.batch.work import OnProgress, Workshop, do
from deepcam.errors import DeepcamError
from deepcam.runtime.quiet import seal
from deepcam.sinks.place import sweep

if TYPE_CHECKING:
    from deepcam.batch.files import Done

LOCAL = "local"
"""As an address: Ray is started here, and ends with the work."""
RETRIES = 4
"""How often Ray itself tries a file again whose process or machine died; and once more
the same from here."""
AHEAD = 3
"""Files for each core that are handed out before they are wanted."""
_PATIENCE = 60.0
"""Seconds without any machine after which the work is given up."""

_SLOWEST_END = 10.0
"""Seconds for processes to leave nothing behind when the work is broken off."""

_shops: dict[tuple[Options, int], Workshop] = {}
"""In a process of Ray: what the files of one call share."""


def run(
    jobs: Sequence[Job],
    options: Options,
    session: int,
    done: Done,
    on_progress: OnProgress | None = None,
) -> None:
    """Do ``jobs`` on the cluster at ``options.ray``. Raises ``DeepcamError`` when there is none,
    or when faces cannot be generated there at all."""
    ray = _connect(options.ray or LOCAL)
    try:
        _hand_out(ray, jobs, options, session, done, on_progress)
    finally:
        ray.shutdown()


def _connect(address: str) -> Any:
    # Ray asks its makers' server for a use count, and reads this when it is imported.
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    try:
        import ray
    except ImportError:
        raise DeepcamError(
            "Ray is not installed.", "Install it: pip install 'deepprivacy-cam[cluster]'."
        ) from None
    try:
        ray.init(
            address=None if address == LOCAL else address,
            include_dashboard=False if address == LOCAL else None,
            log_to_driver=False,
            logging_level=logging.ERROR,
        )
    except Exception:  # Ray raises what its network layer raises
        raise DeepcamError(
            f"There is no Ray cluster at {address}.", "Start one with `ray start --head`."
        ) from None
    return ray


def _hand_out(
    ray: Any,
    jobs: Sequence[Job],
    options: Options,
    session: int,
    done: Done,
    on_progress: OnProgress | None,
) -> None:
    # A second try finds what the first has written, and writes the same once more.
    there = replace(options, force=True, threads=1, ray=None, manifest=None)
    remote = ray.remote(num_cpus=1, max_retries=RETRIES)(work)
    waiting = [(job, 1) for job in reversed(jobs)]
    running: dict[Any, tuple[Job, int]] = {}
    lonely: float | None = None
    try:
        while waiting or running:
            cores = int(ray.cluster_resources().get("CPU", 0))
            lonely = (lonely or time.monotonic()) if cores == 0 else None
            if lonely is not None and time.monotonic() - lonely > _PATIENCE:
                raise DeepcamError("The Ray cluster has no machine left.", "Start one and go on.")
            while waiting and len(running) < max(1, AHEAD * cores):
                job, attempt = waiting.pop()
                room = PROCESS + needs(job)
                running[remote.options(memory=room).remote(job, there, session)] = (job, attempt)
            ready, _ = ray.wait(list(running), timeout=1.0)
            for one in ready:
                job, attempt = running.pop(one)
                kind, *rest = _answer(ray, one)
                sweep(job.target)
                if kind == "died" and attempt == 1:
                    waiting.append((job, 2))
                    continue
                if kind == "broken":
                    raise DeepcamError(*rest)
                if kind == "died":
                    rest = [f"{job.source_name} ended every process that worked on it."]
                if on_progress is not None:
                    on_progress(job, 1, 1)
                done(job, rest[0] if kind == "done" else DeepcamError(*rest))
    except BaseException:
        # Each process throws away what it has half-written; what was killed before is swept here.
        for one in running:
            ray.cancel(one)
        if running:
            ray.wait(list(running), num_returns=len(running), timeout=_SLOWEST_END)
        for job, _ in running.values():
            sweep(job.target)
        raise


def _answer(ray: Any, one: Any) -> tuple[Any, ...]:
    """What ``work`` returned, or ("died",) when all of Ray's tries did."""
    try:
        answer: tuple[Any, ...] = ray.get(one)
    except ray.exceptions.RayTaskError as error:
        raise DeepcamError(
            f"A machine of the cluster cannot do the work ({type(error.cause).__name__}).",
            "Install the same deepcam on all of them.",
        ) from None
    except ray.exceptions.RayError:
        return ("died",)
    return answer


def work(job: Job, options: Options, session: int) -> tuple[Any, ...]:
    """One file in a process of Ray: ("done", outcome), or ("failed" or "broken", what, remedy)."""
    seal()
    shop = _shops.get((options, session))
    if shop is None:
        for old in _shops.values():
            old.__exit__()
        _shops.clear()
        shop = _shops[options, session] = Workshop(options, session)
    if not job.fetch and not job.source.exists():
        return "failed", f"{job.source} is not to be seen from every machine.", "Share its folder."
    try:
        outcome: Outcome = do(job, shop, options, None)
    except DeepcamError as error:
        return ("broken" if shop.broken else "failed"), error.what, error.remedy
    outcome.where = os.environ.get("RAY_NODE_ID", "") or _node()
    return "done", outcome


def _node() -> str:
    import ray

    return str(ray.get_runtime_context().get_node_id())
