"""What is evaluated on: photographs with persons, and clips, found in folders."""

from __future__ import annotations

import csv
import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from deepcam.batch.files import IMAGES, VIDEOS
from deepcam.errors import DeepcamError
from deepcam.frames import Image
from deepcam.training.split import SOURCES, held_out


@dataclass(frozen=True, slots=True)
class Photo:
    """One photograph."""

    path: Path
    person: str
    """Whose; unique among all folders. A photograph of nobody known is its own person."""
    source: str = ""
    """Collection it belongs to, where an index says so."""
    unseen: bool = True
    """The shipped weights were not trained on it."""
    glasses: bool | None = None
    """What an index says; None if nothing."""
    beard: bool | None = None

    def read(self) -> Image:
        """Raises ``DeepcamError`` when it cannot be read."""
        from deepcam.batch.stills import read_still

        return read_still(self.path).image


@dataclass(frozen=True, slots=True)
class Clip:
    """One video."""

    path: Path
    person: str

    def read(self, limit: int) -> tuple[list[Image], float]:
        """At most ``limit`` frames, and frames a second. Raises ``DeepcamError``."""
        from deepcam.sources.video import VideoReader

        images: list[Image] = []
        with VideoReader(self.path) as reader:
            fps = float(reader.fps) or 25.0
            for picture in reader:
                images.append(np.ascontiguousarray(picture.image))
                if len(images) >= limit:
                    break
        return images, fps


@dataclass(frozen=True, slots=True)
class Material:
    """Everything found."""

    photos: tuple[Photo, ...]
    clips: tuple[Clip, ...]

    def pairs(self) -> list[tuple[Photo, Photo]]:
        """Two photographs of each person who has several, by name."""
        people: dict[str, list[Photo]] = {}
        for photo in self.photos:
            people.setdefault(photo.person, []).append(photo)
        return [(p[0], p[1]) for _, p in sorted(people.items()) if len(p) > 1]

    def strangers(self) -> list[Photo]:
        """Photographs of people with one picture only, those unseen in training first."""
        count = Counter(photo.person for photo in self.photos)
        alone = [p for p in self.photos if count[p.person] == 1]
        return sorted(alone, key=lambda p: not p.unseen)


def find(folders: Sequence[str | Path]) -> Material:
    """Photographs and clips below ``folders``.

    Who is in a picture says an ``index.csv`` beside it or one directory up (columns ``file`` and
    ``person``, optionally ``source``, ``glasses``, ``beard``). Without one, every picture is its
    own person; two pictures in a directory that is called ``person_...`` are one person's. Raises
    ``DeepcamError`` when a folder is missing or nothing is found.
    """
    photos: list[Photo] = []
    clips: list[Clip] = []
    for number, folder in enumerate(folders):
        base = Path(folder)
        if not base.is_dir():
            raise DeepcamError(f"{base} is not a directory.", "Name a directory with pictures.")
        for place, inner, names in os.walk(base):
            inner[:] = sorted(d for d in inner if not d.startswith("."))
            here = Path(place)
            index = _index(here)
            for name in sorted(names):
                path = here / name
                suffix = path.suffix.lower()
                row = index.get(name, {})
                prefix = f"{number}:{here.relative_to(base)}:"
                person = prefix + (row.get("person") or path.stem)
                if not row.get("person") and here.name.startswith("person_"):
                    person = prefix
                if name.startswith("."):
                    continue
                if suffix in IMAGES:
                    source = row.get("source") or ""
                    unseen = source not in SOURCES or held_out(name, row.get("person") or "")
                    worn = (_yes(row.get("glasses")), _yes(row.get("beard")))
                    photos.append(Photo(path, person, source, unseen, *worn))
                elif suffix in VIDEOS:
                    clips.append(Clip(path, person))
    if not photos and not clips:
        raise DeepcamError(
            "There are no pictures or videos to evaluate on.", "Choose another directory."
        )
    return Material(tuple(photos), tuple(clips))


def spread(items: Sequence[object], n: int) -> list[int]:
    """Indices of ``n`` of ``items``, evenly spread, always the same."""
    if n >= len(items):
        return list(range(len(items)))
    return [int(i) for i in np.linspace(0, len(items) - 1, n).round()]


def _yes(word: str | None) -> bool | None:
    return {"yes": True, "1": True, "no": False, "0": False}.get((word or "").strip().lower())


def _index(here: Path) -> dict[str, dict[str, str]]:
    for place in (here / "index.csv", here.parent / "index.csv"):
        if place.is_file():
            with place.open(newline="", encoding="utf-8") as stream:
                rows = list(csv.DictReader(stream))
            return {row["file"]: row for row in rows if row.get("file")}
    return {}
