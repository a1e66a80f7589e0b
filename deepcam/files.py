"""Pictures, videos and folders, anonymized into new files; an input is never written to."""

from __future__ import annotations

import itertools
import os
import secrets
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any

from deepcam.anonymizer import Anonymizer, AnonymizerSettings
from deepcam.casting import Choice
from deepcam.errors import DeepcamError
from deepcam.frames import Frame, Reason, SafeFrame
from deepcam.quiet import seal

IMAGES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff", ".ppm", ".pgm"})
"""Endings of picture files."""
WRITABLE = frozenset({".mp4", ".m4v", ".mov", ".mkv", ".webm"})
"""Endings of videos that are written as they are called; others become .mp4."""
VIDEOS = WRITABLE | {".mpg", ".mpeg", ".avi", ".wmv", ".flv", ".ts", ".mts", ".3gp", ".ogv", ".gif"}
"""Endings of video files that are looked for in folders."""


AUDITION = 300
"""Frames at a video's beginning in which it is looked who would fit; nobody is painted yet."""


class Kind(Enum):
    """What an input is."""

    IMAGE = "image"
    VIDEO = "video"


@dataclass(frozen=True, slots=True)
class Job:
    """One file to be anonymized."""

    source: Path
    target: Path
    kind: Kind
    alone: bool
    """Named by the user itself, not found in a folder: an existing target is then an error."""


@dataclass(frozen=True, slots=True)
class Options:
    """How to anonymize files."""

    identity: str | int | None = None
    per_face: bool = False
    choice: Choice = "fits"
    """New faces: who fits the person in view, or anybody."""
    audio: bool = True
    force: bool = False
    on_doubt: str = "cover"
    cover: str = "face"
    provider: str = "auto"
    threads: int = 2
    network: str = "auto"


@dataclass(slots=True)
class Summary:
    """What was done."""

    files: int = 0
    """Files written."""
    kept: int = 0
    """Files that existed already and were left alone."""
    frames: int = 0
    """Frames written: generated + covered + card + empty."""
    generated: int = 0
    """Frames in which every face is a generated one."""
    covered: int = 0
    """Frames in which at least one head is under a cover."""
    card: int = 0
    """Frames that are the standby card."""
    empty: int = 0
    """Frames in which nobody was found."""
    seconds: float = 0.0
    fps: float = 0.0
    provider: str = ""
    outputs: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    """One sentence for each file that could not be done in full."""

    def count(self, safe: SafeFrame) -> None:
        """Add one frame."""
        self.frames += 1
        if safe.reason is Reason.CARD:
            self.card += 1
        elif safe.reason is Reason.COVERED:
            self.covered += 1
        elif safe.generated:
            self.generated += 1
        else:
            self.empty += 1

    def as_dict(self) -> dict[str, Any]:
        """For ``--json``."""
        return asdict(self)


OnProgress = Callable[[Job, int, int], None]
"""Called with the job, frames done, and frames in all (0: unknown)."""


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
                    jobs.append(_job(path, base / target, False))
            else:
                target = _target_name(Path(source.name), kind_of(source))
                jobs.append(_job(source, place / target, True))
    _check(jobs, force)
    return jobs


def left_out(inputs: Sequence[str | Path], output: str | Path) -> list[Path]:
    """Visible files in the folders among ``inputs`` that ``plan`` makes no jobs of, so that nobody
    believes that they were done."""
    folders = [Path(i) for i in inputs if Path(i).is_dir()]
    return [p for folder in folders for p in _files(folder, Path(output)) if not _taken(p)]


def anonymize(
    jobs: Sequence[Job], options: Options, on_progress: OnProgress | None = None
) -> Summary:
    """Do ``jobs`` one after the other.

    A single file's ``DeepcamError`` is raised; with several files it becomes one of the summary's
    problems and the others are still done. When it is interrupted, the file in work is left out
    and what was finished stays. Raises ``DeepcamError`` when faces cannot be generated at all: a
    file of covers only is not what was asked for.
    """
    seal()
    summary = Summary()
    began = time.monotonic()
    with _Workshop(options) as workshop:
        for job in jobs:
            if job.target.exists() and not options.force:
                summary.kept += 1
                continue
            try:
                if not job.target.parent.is_dir():
                    _make(job.target.parent)
                if job.kind is Kind.IMAGE:
                    _image(job, workshop, options, summary, on_progress)
                else:
                    _video(job, workshop, options, summary, on_progress)
            except DeepcamError as error:
                if len(jobs) == 1 or workshop.broken:
                    raise
                summary.problems.append(error.what)
                continue
            summary.files += 1
            summary.outputs.append(str(job.target))
        summary.provider = workshop.provider
    summary.seconds = round(time.monotonic() - began, 3)
    summary.fps = round(summary.frames / summary.seconds, 2) if summary.seconds > 0 else 0.0
    return summary


class _Workshop:
    """The two anonymizers, made when they are first needed: pictures on their own, and videos."""

    def __init__(self, options: Options) -> None:
        self._options = options
        # Pictures and videos of one call show the same people.
        self._session = secrets.randbits(62)
        self._made: dict[bool, Anonymizer] = {}
        self.broken = False
        """No anonymizer can be made: no further file will succeed."""
        self.provider = ""

    def anonymizer(self, still: bool) -> Anonymizer:
        if still in self._made:
            return self._made[still]
        options = self._options
        try:
            made = Anonymizer(
                AnonymizerSettings(
                    on_doubt="card" if options.on_doubt == "card" else "cover",
                    cover="head" if options.cover == "head" else "face",
                    provider=options.provider,
                    threads=options.threads,
                    network=options.network,
                    identity=options.identity,
                    per_face=options.per_face,
                    choice=options.choice,
                    still=still,
                    live=False,
                    session_seed=self._session,
                )
            )
        except DeepcamError:
            self.broken = True
            raise
        self._made[still] = made
        if made.problem is not None:
            self.broken = True
            raise made.problem
        self.provider = str(getattr(made.generator, "provider", ""))
        return made

    def __enter__(self) -> _Workshop:
        return self

    def __exit__(self, *_: object) -> None:
        for anonymizer in self._made.values():
            anonymizer.close()


def _image(
    job: Job,
    workshop: _Workshop,
    options: Options,
    summary: Summary,
    on_progress: OnProgress | None,
) -> None:
    from deepcam.stills import read_still, write_still

    still = read_still(job.source)
    safe = workshop.anonymizer(still=True).process(Frame(still.image, 0.0, 0))
    write_still(job.target, safe.image, still.alpha, still.grey, options.force)
    summary.count(safe)
    if on_progress is not None:
        on_progress(job, 1, 1)


def _video(
    job: Job,
    workshop: _Workshop,
    options: Options,
    summary: Summary,
    on_progress: OnProgress | None,
) -> None:
    from deepcam.sinks.file import VideoWriter
    from deepcam.sources.video import VideoReader

    counted = Summary()
    last = 0.0
    with VideoReader(job.source) as reader:
        anonymizer = workshop.anonymizer(still=False)
        with VideoReader(job.source) as first:
            anonymizer.audition(
                Frame(picture.image, picture.time, number)
                for number, picture in enumerate(itertools.islice(first, AUDITION))
            )
        with VideoWriter(
            job.target,
            reader.size,
            reader.fps,
            time_base=reader.time_base,
            aspect=reader.aspect,
            sound_of=job.source if options.audio and reader.has_audio else None,
            sound_start=reader.start,
            overwrite=options.force,
        ) as writer:
            for number, picture in enumerate(reader):
                frame = Frame(picture.image, picture.time, number)
                if number == 0:
                    # The guard judges the first frame until it is sure; no frame is lost to it.
                    anonymizer.warm_up(frame)
                safe = anonymizer.process(frame)
                writer.write(safe.image, picture.pts)
                counted.count(safe)
                last = picture.time
                if on_progress is not None:
                    on_progress(job, number + 1, reader.frame_count)
        short = (
            counted.frames < 0.8 * reader.frame_count
            and reader.duration is not None
            and last < 0.8 * reader.duration
        )
        if reader.warnings or short:
            summary.problems.append(
                f"{job.source} is damaged or breaks off; the {counted.frames} frames that could be "
                f"read are in {job.target}."
            )
    if anonymizer.problem is not None:
        summary.problems.append(anonymizer.problem.what)
    for name in ("frames", "generated", "covered", "card", "empty"):
        setattr(summary, name, getattr(summary, name) + getattr(counted, name))


def _job(source: Path, target: Path, alone: bool) -> Job:
    kind = kind_of(source)
    endings = IMAGES if kind is Kind.IMAGE else WRITABLE
    if target.suffix.lower() not in endings:
        if target.suffix.lower() in IMAGES and source.suffix.lower() not in VIDEOS:
            raise DeepcamError(
                f"{source} is not a picture that can be read.", "Convert it to JPEG or PNG first."
            )
        what = "picture" if kind is Kind.IMAGE else "video"
        raise DeepcamError(
            f"A {what} cannot be written as {target.name!r}.",
            f"Use a name that ends in {', '.join(sorted(endings))}.",
        )
    return Job(source, target, kind, alone)


def kind_of(source: Path) -> Kind:
    """By the ending; what has none, or an unknown one, is looked into."""
    ending = source.suffix.lower()
    if ending in IMAGES | VIDEOS:
        return Kind.IMAGE if ending in IMAGES else Kind.VIDEO
    import cv2

    return Kind.IMAGE if cv2.haveImageReader(str(source)) else Kind.VIDEO


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
