"""Pictures, videos and folders, anonymized into new files; an input is never written to."""

from __future__ import annotations

import os
import posixpath
import secrets
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from deepcam.batch import session_file
from deepcam.batch.addresses import exists, is_address, listed
from deepcam.batch.job import Job, Kind, Options, Outcome
from deepcam.batch.manifest import NAME as MANIFEST
from deepcam.batch.manifest import Manifest
from deepcam.batch.session_file import root_of
from deepcam.batch.work import WRITABLE, OnProgress, Workshop, do
from deepcam.errors import DeepcamError
from deepcam.runtime.quiet import seal
from deepcam.sources.pictures import KINDS, is_animated, is_picture

IMAGES = frozenset(KINDS)
"""Endings of picture files."""
VIDEOS = WRITABLE | {".mpg", ".mpeg", ".avi", ".wmv", ".flv", ".ts", ".mts", ".3gp", ".ogv"}
"""Endings of video files that are looked for in folders."""


@dataclass(slots=True)
class Summary(Outcome):
    """What was done."""

    files: int = 0
    """Files written."""
    kept: int = 0
    """Files that existed already and were left alone."""
    seconds: float = 0.0
    fps: float = 0.0
    outputs: list[str] = field(default_factory=list)


def plan(inputs: Sequence[str | Path], output: str | Path, force: bool = False) -> list[Job]:
    """What is to be written where; nothing is written yet.

    One file goes to ``output`` (a file name, or a directory); a folder, or several inputs, go
    into the directory ``output`` under their relative names. Raises ``DeepcamError`` when an input
    does not exist, when there is nothing to do, when an output would be an input, and (without
    ``force``) when the one output exists.
    """
    # An empty name would mean this directory; more likely a variable of a script was empty.
    if not inputs or not all(map(str, inputs)):
        raise DeepcamError("There is nothing to anonymize.", "Name a picture, video or folder.")
    if not str(output):
        raise DeepcamError("The output has no name.", "Name a new file or a directory.")
    if any(is_address(name) for name in (*inputs, output)):
        return _plan_far(inputs, str(output), force)
    place = Path(output)
    sources = [Path(i) for i in inputs]
    for source in sources:
        if not source.exists():
            raise DeepcamError(f"{source} does not exist.", "Check the name.")
        if not source.is_file() and not source.is_dir():
            raise DeepcamError(f"{source} is neither a file nor a directory.", "Check the name.")
    if len(sources) == 1 and sources[0].is_file():
        target = place
        if place.is_dir() or str(output).endswith(("/", os.sep)):
            target = place / _target_name(Path(sources[0].name), kind_of(sources[0]))
        jobs = [_job(sources[0], target, True)]
    else:
        if place.exists() and not place.is_dir():
            raise DeepcamError(f"{place} is not a directory.", "Name a directory as output.")
        jobs = []
        for source in sources:
            if source.is_dir():
                base = place / source.name if len(sources) > 1 and source.name else place
                found = list(_walk(source, place))
                if not found:
                    raise DeepcamError(
                        f"There are no pictures or videos in {source}.", "Choose another directory."
                    )
                for path in found:
                    target = _target_name(path.relative_to(source), kind_of(path))
                    made = base / target
                    jobs.append(_job(path, made, False, str(made.relative_to(place))))
            else:
                target = _target_name(Path(source.name), kind_of(source))
                jobs.append(_job(source, place / target, True))
    _check(jobs, force)
    return jobs


def _plan_far(inputs: Sequence[str | Path], output: str, force: bool) -> list[Job]:
    """As ``plan``, where a source or the output is an address."""
    found: list[tuple[Path, str, str]] = []  # where a file lies, its address, its name below
    for one in map(str, inputs):
        if is_address(one):
            addresses = listed(one)
            alone = addresses == [one]
            base = len(posixpath.dirname(one) if alone else one.rstrip("/")) + 1
            found += [(Path(a), a, a[base:]) for a in addresses if _has_kind(a) or alone]
        else:
            root = Path(one)
            paths = list(_walk(root, root)) if root.is_dir() else [root]
            above = root if root.is_dir() else root.parent
            found += [(p, "", str(p.relative_to(above))) for p in paths]
    if not found:
        raise DeepcamError("There are no pictures or videos there.", "Check the address.")
    single = len(found) == 1 and _has_kind(output)
    jobs: dict[str, Job] = {}
    for path, address, name in found:
        kind = Kind.IMAGE if Path(name).suffix.lower() in IMAGES else Kind.VIDEO
        below = str(_target_name(Path(name), kind))
        target = output if single else f"{output.rstrip('/')}/{below}"
        far = is_address(target)
        job = Job(path, Path(target), kind, single, below, address, target if far else "")
        if address == target:
            raise DeepcamError(f"The output {target} is one of the inputs.", "Choose another.")
        if target in jobs:
            raise DeepcamError(f"Two files would become {target}.", "Anonymize them one by one.")
        if single and not force and _is_there(job):
            raise DeepcamError(f"{target} exists already.", "Use --force to replace it.")
        jobs[target] = job
    return list(jobs.values())


def _has_kind(name: str) -> bool:
    return Path(name).suffix.lower() in IMAGES | VIDEOS


def _is_there(job: Job) -> bool:
    return exists(job.put) if job.put else job.target.exists()


def left_out(inputs: Sequence[str | Path], output: str | Path) -> list[str]:
    """Visible files in the folders among ``inputs`` that ``plan`` makes no jobs of, so that nobody
    believes that they were done."""
    far = [a for i in map(str, inputs) if is_address(i) for a in listed(i)]
    folders = [Path(i) for i in inputs if Path(i).is_dir()]
    near = [p for folder in folders for p in _files(folder, Path(output)) if not _taken(p)]
    return [a for a in far if not _has_kind(a)] + [str(p) for p in near]


Done = Callable[[Job, Outcome | DeepcamError], None]
"""Called once for each job, in any order, with what became of it."""


def anonymize(
    jobs: Sequence[Job], options: Options, on_progress: OnProgress | None = None
) -> Summary:
    """Do ``jobs``, several at once where ``options.workers`` allows it.

    A single file's ``DeepcamError`` is raised; with several files it becomes one of the summary's
    problems and the others are still done. When it is interrupted, the files in work are left out
    and what was finished stays; the same call goes on from there, with the same people. Raises
    ``DeepcamError`` when faces cannot be generated at all: a file of covers only is not what was
    asked for.
    """
    seal()
    summary = Summary()
    began = time.monotonic()
    todo = [job for job in jobs if options.force or not _is_there(job)]
    summary.kept = len(jobs) - len(todo)
    for folder in {job.target.parent for job in todo if not job.put}:
        if not folder.is_dir():
            _make(folder)
    kept_session = session_file.begin(todo)
    session = secrets.randbits(62) if kept_session is None else kept_session.number
    found: dict[Path, Outcome | DeepcamError] = {}

    manifest = _manifest(jobs, options)

    def done(job: Job, outcome: Outcome | DeepcamError) -> None:
        if isinstance(outcome, DeepcamError) and len(jobs) == 1:
            raise outcome
        found[job.target] = outcome
        if manifest is not None:
            manifest.add(job, outcome)

    try:
        _do_all(todo, options, session, done, on_progress)
        if manifest is not None:
            manifest.finish()
    finally:
        if manifest is not None:
            manifest.close()
    for job in todo:
        outcome = found[job.target]
        if isinstance(outcome, DeepcamError):
            summary.problems.append(outcome.what)
        else:
            summary.add(outcome)
            summary.files += 1
            summary.outputs.append(job.target_name)
    if kept_session is not None:
        kept_session.end()
    summary.seconds = round(time.monotonic() - began, 3)
    summary.fps = round(summary.frames / summary.seconds, 2) if summary.seconds > 0 else 0.0
    return summary


def _do_all(
    jobs: Sequence[Job],
    options: Options,
    session: int,
    done: Done,
    on_progress: OnProgress | None,
) -> None:
    if not jobs:
        return
    if options.ray is not None:
        from deepcam.batch import cluster

        cluster.run(jobs, options, session, done, on_progress)
        return
    from deepcam.batch import parallel

    workers = parallel.how_many(jobs, options)
    if workers > 1:
        parallel.run(jobs, options, session, workers, done, on_progress)
    else:
        _one_by_one(jobs, options, session, done, on_progress)


def _manifest(jobs: Sequence[Job], options: Options) -> Manifest | None:
    if options.manifest is not None:
        return Manifest(options.manifest, jobs)
    if options.ray is not None and jobs and not jobs[0].alone and not jobs[0].put:
        return Manifest(root_of(jobs[0]) / MANIFEST, jobs)
    return None


def _one_by_one(
    jobs: Sequence[Job],
    options: Options,
    session: int,
    done: Done,
    on_progress: OnProgress | None,
) -> None:
    with Workshop(options, session) as workshop:
        for job in jobs:
            try:
                outcome: Outcome | DeepcamError = do(job, workshop, options, on_progress)
            except DeepcamError as error:
                if workshop.broken:
                    raise
                outcome = error
            done(job, outcome)


def _job(source: Path, target: Path, alone: bool, name: str = "") -> Job:
    kind = kind_of(source)
    suffix = target.suffix.lower()
    # A picture that moves may become a video.
    film = suffix in WRITABLE and (kind is Kind.VIDEO or is_animated(source))
    if not film and suffix not in (IMAGES if kind is Kind.IMAGE else WRITABLE):
        if suffix in IMAGES and source.suffix.lower() not in VIDEOS:
            raise DeepcamError(
                f"{source} is not a picture that can be read.", "Convert it to JPEG or PNG first."
            )
        what = "picture" if kind is Kind.IMAGE else "video"
        endings = IMAGES if kind is Kind.IMAGE else WRITABLE
        raise DeepcamError(
            f"A {what} cannot be written as {target.name!r}.",
            f"Use a name that ends in {', '.join(sorted(endings))}.",
        )
    return Job(source, target, kind, alone, name or target.name)


def kind_of(source: Path) -> Kind:
    """By the ending; what has none, or an unknown one, is looked into."""
    ending = source.suffix.lower()
    if ending in IMAGES | VIDEOS:
        return Kind.IMAGE if ending in IMAGES else Kind.VIDEO
    return Kind.IMAGE if is_picture(source) else Kind.VIDEO


def _target_name(name: Path, kind: Kind) -> Path:
    """The relative name of the output for a relative name of an input."""
    if name.suffix.lower() in IMAGES | WRITABLE:
        return name
    ending = ".png" if kind is Kind.IMAGE else ".mp4"
    return name.with_suffix(ending) if name.suffix else name.with_name(name.name + ending)


def _walk(folder: Path, output: Path) -> Iterable[Path]:
    """Pictures and videos below ``folder`` by name, without hidden ones and without ``output``."""
    return filter(_taken, _files(folder, output))


def _taken(path: Path) -> bool:
    return path.suffix.lower() in IMAGES | VIDEOS and path.is_file()


def _files(folder: Path, output: Path) -> Iterable[Path]:
    forbidden = output.resolve()
    failed: list[OSError] = []
    for place, folders, names in os.walk(folder, onerror=failed.append):
        here = Path(place)
        folders[:] = sorted(f for f in folders if f[0] != "." and (here / f).resolve() != forbidden)
        for name in sorted(names):
            if name[0] != ".":
                yield here / name
    if failed:
        raise DeepcamError(f"{failed[0].filename} may not be read.", "Check its permissions.")


def _check(jobs: Sequence[Job], force: bool) -> None:
    sources = {job.source.resolve() for job in jobs}
    targets: dict[Path, Path] = {}
    for job in jobs:
        target = job.target.resolve()
        linked = job.target.exists() and any(job.target.samefile(s) for s in sources if s.exists())
        if target in sources or linked:
            raise DeepcamError(
                f"The output {job.target} is one of the inputs.", "Choose another output."
            )
        if target in targets:
            raise DeepcamError(
                f"{targets[target]} and {job.source} would both become {job.target}.",
                "Anonymize them one by one.",
            )
        targets[target] = job.source
        if job.target.is_dir():
            raise DeepcamError(f"{job.target} is a directory.", "Name a file.")
        if job.alone and len(jobs) == 1 and job.target.exists() and not force:
            raise DeepcamError(f"{job.target} exists already.", "Use --force to replace it.")


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise DeepcamError(
            f"The directory {folder} cannot be made: {why}.", "Choose another output."
        ) from None


__all__ = ["Job", "Kind", "Options", "Summary", "anonymize", "kind_of", "left_out", "plan"]
