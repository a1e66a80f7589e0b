"""``deepcam identities``: faces that belong to nobody."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from deepcam.commands.options import Force, Json
from deepcam.commands.program import identities
from deepcam.commands.saying import features, print_json
from deepcam.runtime.terminal import printable, tell


@identities.command("new")
def identities_new(
    name: Annotated[str | None, typer.Option(help="What to call it.")] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="The same number, the same face.")] = None,
    age: Annotated[float | None, typer.Option(help="Years, 18 to 80.")] = None,
    masculinity: Annotated[float | None, typer.Option(help="0 to 1.")] = None,
    tone: Annotated[float | None, typer.Option(help="Skin: 0 darkest to 1 lightest.")] = None,
    json_: Json = False,
) -> None:
    """Make somebody who does not exist, and save the identity."""
    import secrets

    from deepcam.identity.gallery import Gallery, check_name
    from deepcam.identity.model import IdentityModel

    wanted = None if name is None else check_name(name)
    chosen = secrets.randbits(31) if seed is None else seed
    made = IdentityModel.load().sample(chosen, age, masculinity, tone, wanted)
    path = Gallery().save(made)
    facts = {"name": made.name, "seed": made.seed, "parameters": made.meta, "path": str(path)}
    if json_:
        print_json(facts)
    else:
        tell(f"{made.name} (seed {made.seed}, {features(made.meta)})")


@identities.command("list")
def identities_list(json_: Json = False) -> None:
    """Show the saved identities."""
    from deepcam.identity.gallery import Gallery

    entries = Gallery().list()
    if json_:
        rows = [
            {"name": e.name, "seed": e.seed, "parameters": e.meta, "path": str(e.path),
             "problem": e.problem}
            for e in entries
        ]  # fmt: skip
        print_json({"identities": rows})
        return
    if not entries:
        tell("No identity is saved yet; make one with `deepcam identities new`.")
    for entry in entries:
        note = entry.problem or f"seed {entry.seed}, {features(entry.meta)}"
        tell(f"{printable(entry.name, lines=False):<28} {printable(note, lines=False)}")


@identities.command("show")
def identities_show(
    name: Annotated[str, typer.Argument(metavar="NAME|SEED")],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Where the portrait goes (.png).")
    ] = None,
    force: Force = False,
    json_: Json = False,
) -> None:
    """Write a portrait of an identity as PNG."""
    from deepcam.batch.stills import write_still
    from deepcam.identity.gallery import resolve_identity
    from deepcam.showcase.portrait import portrait

    identity = resolve_identity(name)
    plain = "".join(c if c.isalnum() else "-" for c in identity.name.lower())
    target = output or Path(f"{plain}.png")
    write_still(target, portrait(identity), overwrite=force)
    facts = {"name": identity.name, "seed": identity.seed, "parameters": identity.meta,
             "portrait": str(target)}  # fmt: skip
    if json_:
        print_json(facts)
    else:
        tell(f"{identity.name} (seed {identity.seed}, {features(identity.meta)}): {target}")


@identities.command("rename")
def identities_rename(
    name: Annotated[str, typer.Argument(metavar="NAME|SEED")],
    new: Annotated[str, typer.Argument(metavar="NEW-NAME")],
) -> None:
    """Give an identity another name."""
    from deepcam.identity.gallery import Gallery

    Gallery().rename(name, new)


@identities.command("export")
def identities_export(
    name: Annotated[str, typer.Argument(metavar="NAME|SEED")],
    path: Annotated[Path, typer.Argument(metavar="FILE")],
    force: Force = False,
) -> None:
    """Write an identity to a file, for another machine."""
    from deepcam.identity.gallery import Gallery

    tell(Gallery().export(name, path, force))


@identities.command("import")
def identities_import(
    path: Annotated[Path, typer.Argument(metavar="FILE")],
    name: Annotated[str | None, typer.Option(help="Save it under another name.")] = None,
) -> None:
    """Save an exported identity here."""
    from deepcam.identity.gallery import Gallery

    tell(Gallery().import_(path, name).name)


@identities.command("delete")
def identities_delete(
    name: Annotated[str | None, typer.Argument(metavar="NAME|SEED")] = None,
    undo: Annotated[bool, typer.Option("--undo", help="Bring the last one back.")] = False,
) -> None:
    """Delete an identity; --undo brings the last deleted one back."""
    from deepcam.identity.gallery import Gallery

    if undo:
        tell(Gallery().undelete())
    elif name is None:
        raise typer.BadParameter("give a name, or --undo")
    else:
        Gallery().delete(name)
