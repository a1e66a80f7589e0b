"""One file, anonymized into a new one: what a process of any kind does for ``deepcam.batch.files``.

A result depends on the file, the options and the session's number, and on nothing that was done
before it: whoever works on a file, and in whatever order, makes the same bytes.
"""

from __future__ import annotations

import contextlib
import hashlib
import heapq
import itertools
import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from deepcam.batch.job import Job, Kind, Options, Outcome
from deepcam.errors import DeepcamError
from deepcam.frames import Frame, SafeFrame
from deepcam.pipeline.anonymizer import Anonymizer, AnonymizerSettings
from deepcam.runtime.endings import in_order, stop_here
from deepcam.sinks.place import sweep
from deepcam.sources.pictures import ANIMATED, KINDS, MAX_PIXELS, PictureFile

WRITABLE = frozenset({".mp4", ".m4v", ".mov", ".mkv", ".webm"})
"""Endings of videos that are written as they are called; others become .mp4."""
AUDITION = 300
"""Frames at a video's beginning in which it is looked who would fit; nobody is painted yet."""
MAX_VIDEOS = 8
"""Videos in one file; each needs an anonymizer of its own."""
MAX_MOVING = 3 * MAX_PIXELS
"""Pixels of all frames of an animation, which are held until it is written."""


OnProgress = Callable[[Job, int, int], None]
"""Called with the job, frames done, and frames in all (0: unknown)."""


class Workshop:
    """Makes anonymizers when they are needed, and keeps the one for single pictures.

    ``session``: what people are derived from; pictures and videos of one call show the same ones.
    """

    def __init__(self, options: Options, session: int) -> None:
        self._options = options
        self._session = session
        self._still: Anonymizer | None = None
        self._open: list[Anonymizer] = []
        self.broken = False
        """No anonymizer can be made: no further file will succeed."""
        self.provider = ""

    def still(self, job: Job) -> Anonymizer:
        """For a picture. Raises ``DeepcamError``."""
        if self._options.per_face:  # its count of people must not go on from file to file
            return self._make(True, job)
        if self._still is None:
            self._still = self._make(True, job)
        return self._still

    def stream(self, job: Job) -> Anonymizer:
        """For one video: nothing of an earlier one may be left in it. Raises ``DeepcamError``."""
        return self._make(False, job)

    def done(self) -> None:
        """A file is finished: its anonymizers are closed."""
        for anonymizer in self._open:
            if anonymizer is not self._still:
                anonymizer.close()
        self._open = []

    def _make(self, still: bool, job: Job) -> Anonymizer:
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
                    session_seed=self._seed(job),
                )
            )
        except DeepcamError:
            self.broken = True
            raise
        self._open.append(made)
        if made.problem is not None:
            self.broken = True
            raise made.problem
        self.provider = str(getattr(made.generator, "provider", ""))
        return made

    def _seed(self, job: Job) -> int:
        if not self._options.per_face:
            return self._session
        text = f"{self._session}:".encode() + os.fsencode(job.name or job.target.name)
        return int.from_bytes(hashlib.sha256(text).digest()[:8], "big") >> 2

    def __enter__(self) -> Workshop:
        return self

    def __exit__(self, *_: object) -> None:
        self.done()
        if self._still is not None:
            self._still.close()


def do(job: Job, workshop: Workshop, options: Options, on_progress: OnProgress | None) -> Outcome:
    """Anonymize one file. Raises ``DeepcamError``, and then nothing was written."""
    if job.fetch or job.put:
        from deepcam.batch.addresses import do_far

        return do_far(job, workshop, options, on_progress)
    outcome = Outcome()

    def tell(job: Job, done: int, of: int) -> None:
        stop_here()
        if on_progress is not None:
            on_progress(job, done, of)

    try:
        with in_order():
            if job.kind is Kind.VIDEO:
                _video(job, workshop, options, outcome, tell)
            else:
                with PictureFile(job.source) as picture:
                    moves = picture.animated
                if moves and job.target.suffix.lower() in WRITABLE:
                    _video(job, workshop, options, outcome, tell)
                else:
                    _pictures(job, workshop, options, outcome, tell)
        outcome.provider = workshop.provider
        outcome.sha256 = digest(job.target)
    except KeyboardInterrupt:
        # It may come between the making of a file and its writer's being there to throw it away.
        sweep(job.target)
        raise
    finally:
        workshop.done()
    return outcome


def digest(path: Path) -> str:
    """SHA-256 of a file in hexadecimal digits; "" when it cannot be read."""
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError:
        return ""


def _pictures(
    job: Job,
    workshop: Workshop,
    options: Options,
    outcome: Outcome,
    on_progress: OnProgress,
) -> None:
    from deepcam.batch.stills import anonymize_page
    from deepcam.sinks.pictures import write_pictures
    from deepcam.sources.animation import seconds

    kind = KINDS[job.target.suffix.lower()]
    with PictureFile(job.source) as picture:
        many = picture.animated or kind in ("TIFF", "HEIF")
        if picture.animated and kind not in ANIMATED:
            raise DeepcamError(
                f"{job.source} moves, and {job.target.name} cannot.", "Choose .gif, .png or .mp4."
            )
        streams: dict[int, Anonymizer] = {}

        def process(way: int, frame: Frame) -> SafeFrame:
            if not picture.animated:
                return workshop.still(job).process(frame)
            if way not in streams:
                streams[way] = workshop.stream(job)
                streams[way].warm_up(frame)
            return streams[way].process(frame)

        leaves = []
        pixels = 0
        when = 0.0
        for number, page in enumerate(picture.pages()):
            pixels += page.image.shape[0] * page.image.shape[1]
            if number and pixels > MAX_MOVING:
                raise DeepcamError(
                    f"{job.source} is too long for an animation.", "Name an .mp4 as output."
                )
            leaf, safe = anonymize_page(page, process, when, number)
            outcome.count(safe)
            if picture.animated:
                lasts = seconds(page.duration)
                leaf, when = replace(leaf, duration=lasts), when + lasts
            leaves.append(leaf)
            on_progress(job, number + 1, picture.count if many else 1)
            if not many:
                break
        write_pictures(
            job.target,
            leaves,
            overwrite=options.force,
            lossless=picture.lossless,
            loop=picture.loop,
            first_is_poster=picture.first_is_poster,
        )
        if picture.damaged:
            outcome.problems.append(
                f"{job.source} is damaged; what could be read is in {job.target}."
            )
        if picture.count > 1 and not many:
            outcome.notes.append(
                f"{job.target} has the first of the {picture.count} pictures of {job.source}."
            )


def _video(
    job: Job,
    workshop: Workshop,
    options: Options,
    outcome: Outcome,
    on_progress: OnProgress,
) -> None:
    from deepcam.sinks.writer import VideoTrack, VideoWriter
    from deepcam.sources.animation import AnimationReader
    from deepcam.sources.video import VideoReader

    readers: list[Any] = []
    more: dict[str, Any] = {}
    try:
        if job.kind is Kind.IMAGE:
            readers.append(AnimationReader(job.source))
        else:
            first = VideoReader(job.source)
            readers.append(first)
            if first.tracks > MAX_VIDEOS:
                raise DeepcamError(
                    f"{job.source} has {first.tracks} videos in it.", f"{MAX_VIDEOS} are the most."
                )
            readers += [VideoReader(job.source, track) for track in range(1, first.tracks)]
            more = {
                "sound_of": job.source,
                "sound_start": first.start,
                "sound": options.audio,
                "aspect": first.aspect,
                "colours": first.colours,
                "further": tuple(
                    VideoTrack(r.size, r.fps, r.time_base, r.aspect, r.colours) for r in readers[1:]
                ),
            }
        anonymizers = [workshop.stream(job) for _ in readers]
        for track, anonymizer in enumerate(anonymizers):
            _audition(job, track, anonymizer)
        main = readers[0]
        with VideoWriter(
            job.target,
            main.size,
            main.fps,
            time_base=main.time_base,
            overwrite=options.force,
            **more,
        ) as writer:
            total = sum(reader.frame_count for reader in readers)
            for track, picture in _in_step(readers):
                frame = Frame(picture.image, picture.time, picture.number)
                if picture.number == 0:
                    # The guard judges the first frame until it is sure; no frame is lost to it.
                    anonymizers[track].warm_up(frame)
                safe = anonymizers[track].process(frame)
                writer.write(safe.image, picture.pts, picture.duration, track)
                outcome.count(safe)
                on_progress(job, outcome.frames, total)
    finally:
        for reader in readers:
            reader.close()
    if any(reader.warnings for reader in readers):
        outcome.problems.append(
            f"{job.source} is damaged or breaks off; the {outcome.frames} frames that could be "
            f"read are in {job.target}."
        )
    if any(getattr(reader, "hdr", False) for reader in readers):
        outcome.notes.append(f"{job.source} is HDR; {job.target} shows it as SDR.")
    if writer.left_out:
        outcome.notes.append(f"{job.target} does not have {', '.join(writer.left_out)}.")
    outcome.problems += [a.problem.what for a in anonymizers if a.problem is not None]


def _audition(job: Job, track: int, anonymizer: Anonymizer) -> None:
    """Look at a video's beginning for who would fit the people in it; nobody is painted yet."""
    from deepcam.sources.animation import AnimationReader
    from deepcam.sources.video import VideoReader

    still = job.kind is Kind.IMAGE
    first = AnimationReader(job.source) if still else VideoReader(job.source, track)
    with contextlib.closing(first):
        anonymizer.audition(_frames(itertools.islice(first, AUDITION)))


def _frames(pictures: Iterator[Any]) -> Iterator[Frame]:
    for number, picture in enumerate(pictures):
        stop_here()
        yield Frame(picture.image, picture.time, number)


def _in_step(readers: list[Any]) -> Iterator[tuple[int, Any]]:
    """(number of the reader, picture) of all, by time."""

    def numbered(track: int, reader: Any) -> Iterator[tuple[float, int, Any]]:
        for picture in reader:
            yield picture.time, track, picture

    streams = [numbered(k, reader) for k, reader in enumerate(readers)]
    for _, track, picture in heapq.merge(*streams, key=lambda one: one[:2]):
        yield track, picture
