"""Options that several commands share, and how their text is read."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer


class OnDoubt(StrEnum):
    """What to do with a face that cannot be generated."""

    cover = "cover"
    card = "card"


class Faces(StrEnum):
    """Who a new face gets."""

    fits = "fits"
    anybody = "anybody"


class Covered(StrEnum):
    """How much of a head is replaced."""

    face = "face"
    head = "head"


Json = Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")]
IdentityOption = Annotated[
    str | None,
    typer.Option("--identity", metavar="NAME|SEED", help="A saved identity, or any number."),
]
DoubtOption = Annotated[
    OnDoubt, typer.Option("--on-doubt", help="Cover the head, or show the card instead.")
]
CoverOption = Annotated[
    Covered, typer.Option("--cover", help="Replace the face, or ears and hair as well.")
]
ProviderOption = Annotated[str, typer.Option(help="What the network runs on.")]
NetworkOption = Annotated[
    str, typer.Option(help="small or large (of the generation before); auto is small.")
]
ThreadsOption = Annotated[int, typer.Option(min=1, max=64, help="Threads of the network.")]
PerFace = Annotated[bool, typer.Option("--per-face", help="Another identity for each face.")]
FacesOption = Annotated[
    Faces, typer.Option("--faces", help="New faces: who fits the person in view, or anybody.")
]
Force = Annotated[bool, typer.Option("--force", help="Replace existing files.")]


def read_size(text: str) -> tuple[int, int]:
    width, _, height = text.lower().partition("x")
    if not (width.isdecimal() and height.isdecimal()):
        raise typer.BadParameter(f"{text!r} is not a size such as 1280x720")
    return int(width), int(height)


def read_identity(text: str | None) -> str | int | None:
    """A name stays a name; digits are a seed unless something is saved under them."""
    if text is None or not (text.isascii() and text.isdecimal()):
        return text
    return int(text)
