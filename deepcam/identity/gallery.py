"""Saved identities: one small archive for each, checked before a byte of it is believed.

An archive holds ``meta.json`` (format, name, seed, parameters, SHA-256 of the other parts),
``texture.png`` and ``shape.npy``. It is data of this user: directories 0700, files 0600.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import re
import secrets
import time
import unicodedata
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from deepcam.errors import DeepcamError
from deepcam.identity.types import Identity
from deepcam.identity.vetting import floats, plain_png, texts_fit
from deepcam.identity.wish import read_spec

FORMAT = 1
SUFFIX = ".identity"
LONGEST_NAME = 60
LARGEST_FILE = 4 << 20
PARTS = {"meta.json": 64 << 10, "texture.png": 2 << 20, "shape.npy": 64 << 10}
"""Members of an archive and the most bytes each may have."""
TEXTURE = (512, 512, 3)
SHAPE = (468, 3)
TEETH = 3
TRASH = ".trash"
TRASH_DAYS = 30
"""After these, what was deleted is gone for good."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the list of identities."""

    name: str
    seed: int
    meta: dict[str, float | str]
    path: Path
    saved: float
    """Seconds since 1970."""
    problem: str = ""
    """Why it cannot be used; '' when it can."""


class Gallery:
    """The identities of one user.

    ``folder``: default from ``DEEPCAM_DATA_DIR`` or the user's data directory. It is made on first
    saving. Every method raises ``DeepcamError`` when the disk or a file does not allow it.
    """

    def __init__(self, folder: str | Path | None = None) -> None:
        self.folder = Path(folder) if folder is not None else default_folder()

    def list(self) -> tuple[Entry, ...]:
        """All identities by name; damaged files are listed with their ``problem``."""
        entries = []
        for path in self._files():
            try:
                found = read_identity(path)
            except DeepcamError as error:
                entries.append(Entry(path.stem, -1, {}, path, _saved(path), error.what))
            else:
                entries.append(Entry(found.name, found.seed, found.meta, path, _saved(path)))
        return tuple(sorted(entries, key=lambda e: e.name.casefold()))

    def names(self) -> tuple[str, ...]:
        """The names alone, newest first. Quick: neither pictures nor hashes are looked at, so a
        face of these may turn out to be damaged when it is loaded."""
        found = [(_saved(path), _name_in(path)) for path in self._files()]
        return tuple(name for _, name in sorted(found, key=lambda f: -f[0]) if name)

    def load(self, name: str | int) -> Identity:
        """The identity of this name, or the one saved with this seed (an int, or digits). A text of
        ``deepcam.identity.wish`` gives the person it stands for, saved or not."""
        try:
            return read_identity(self._path(name))
        except DeepcamError:
            wished = read_spec(str(name))
            if wished is None:
                raise
            return wished[1].sample(wished[0])

    def save(self, identity: Identity, overwrite: bool = False) -> Path:
        """Keep ``identity`` under its name; returns the file."""
        target = self._target(identity.name)
        if target.exists() and not overwrite:
            raise DeepcamError(
                f"An identity called {identity.name!r} exists already.", "Choose another name."
            )
        self._make(self.folder)
        _write(target, _pack(identity))
        return target

    def rename(self, name: str | int, new: str) -> Path:
        """Give an identity another name."""
        old = self._path(name)
        identity = replace(read_identity(old), name=check_name(new))
        target = self._target(identity.name)
        saved = self.save(identity, overwrite=target == old)
        if target != old:
            self._remove(old)
        return saved

    def delete(self, name: str | int) -> None:
        """Move an identity to the trash; ``undelete`` brings the newest one back."""
        try:
            path = self._path(name)
        except DeepcamError:
            damaged = [e.path for e in self.list() if e.problem and e.name == str(name)]
            if not damaged:
                raise
            path = damaged[0]
        trash = self.folder / TRASH
        self._make(trash)
        self.empty_trash()
        try:
            os.replace(path, trash / f"{time.time_ns():020d}-{path.name}")
        except OSError as error:
            raise _disk(path, error) from None

    def undelete(self) -> str:
        """Bring back what was deleted last; returns its name."""
        found = sorted((self.folder / TRASH).glob(f"*{SUFFIX}"))
        if not found:
            raise DeepcamError("There is no deleted identity.", "Nothing was changed.")
        back = self.folder / found[-1].name.split("-", 1)[1]
        if back.exists():
            raise DeepcamError(
                "An identity of that name exists again.", "Rename that one, then try once more."
            )
        try:
            os.replace(found[-1], back)
        except OSError as error:
            raise _disk(back, error) from None
        return str(_read(back)[0]["name"])

    def empty_trash(self, days: float = TRASH_DAYS) -> int:
        """Remove for good what was deleted more than ``days`` ago; how many went. What cannot be
        removed stays for the next time."""
        limit, gone = time.time_ns() - int(days * 86400e9), 0
        with contextlib.suppress(OSError):
            for path in sorted((self.folder / TRASH).glob(f"*{SUFFIX}")):
                stamp = path.name.split("-", 1)[0]
                if stamp.isascii() and stamp.isdecimal() and int(stamp) < limit:
                    with contextlib.suppress(OSError):
                        path.unlink()
                        gone += 1
        return gone

    def export(self, name: str | int, path: str | Path, overwrite: bool = False) -> Path:
        """Write a copy of an identity to ``path`` (the ending is added when it has none)."""
        target = Path(path)
        identity = self.load(name)
        if target.is_dir():
            target = target / self._target(identity.name).name
        elif not target.suffix:
            target = target.with_suffix(SUFFIX)
        if target.exists() and not overwrite:
            raise DeepcamError(f"{target} exists already.", "Use --force to replace it.")
        _write(target, _pack(identity))
        return target

    def import_(self, path: str | Path, name: str | None = None) -> Identity:
        """Take over an exported identity, under another name if given."""
        identity = read_identity(Path(path))
        if name is not None:
            identity = replace(identity, name=check_name(name))
        self.save(identity)
        return identity

    def _files(self) -> tuple[Path, ...]:
        try:
            return tuple(sorted(p for p in self.folder.glob(f"*{SUFFIX}") if p.is_file()))
        except OSError as error:
            raise _disk(self.folder, error) from None

    def _path(self, name: str | int) -> Path:
        text = str(name)
        if not isinstance(name, int) and _usable(text):
            direct = self._target(text)
            if direct.is_file():
                return direct
        for entry in self.list():
            if entry.problem:
                continue
            same = entry.name.casefold() == text.casefold()
            if same or (text.isascii() and text.isdecimal() and entry.seed == int(text)):
                return entry.path
        raise DeepcamError(
            f"No identity is called {text[:LONGEST_NAME]!r}.",
            "`deepcam identities list` shows the saved ones; a number is taken as a seed.",
        )

    def _target(self, name: str) -> Path:
        clean = check_name(name)
        plain = unicodedata.normalize("NFKD", clean).encode("ascii", "ignore").decode()
        slug = re.sub(r"[^a-z0-9]+", "-", plain.casefold()).strip("-")[:40]
        mark = hashlib.sha256(clean.casefold().encode()).hexdigest()[:8]
        return self.folder / f"{slug or 'identity'}-{mark}{SUFFIX}"

    def _make(self, folder: Path) -> None:
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            folder.chmod(0o700)
        except OSError as error:
            raise _disk(folder, error) from None

    def _remove(self, path: Path) -> None:
        try:
            path.unlink()
        except OSError as error:
            raise _disk(path, error) from None


def default_folder() -> Path:
    """Where this user's identities lie."""
    given = os.environ.get("DEEPCAM_DATA_DIR")
    if given:
        return Path(given) / "identities"
    import platformdirs

    return Path(platformdirs.user_data_dir("deepcam", appauthor=False)) / "identities"


def resolve_identity(spec: str | int | None, gallery: Gallery | None = None) -> Identity:
    """What ``--identity`` means: a saved name, digits for a seed, None for somebody new.

    Raises ``DeepcamError`` when there is no such identity, or its file or the model is damaged.
    """
    from deepcam.identity.model import IdentityModel

    if spec is None:
        return IdentityModel.load().sample(secrets.randbits(62))
    if isinstance(spec, int):
        return IdentityModel.load().sample(spec)
    try:
        return (gallery or Gallery()).load(spec)
    except DeepcamError:
        if not (spec.isascii() and spec.isdecimal()):
            raise
        return IdentityModel.load().sample(int(spec))


def read_identity(path: Path) -> Identity:
    """The identity in an archive. Raises ``DeepcamError`` for everything that is not one."""
    meta, parts = _read(path)
    png = plain_png(parts["texture.png"], (TEXTURE[1], TEXTURE[0]))
    shape = floats(parts["shape.npy"], SHAPE)
    if png is None or shape is None:
        raise _damaged(path)
    try:
        texture = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_COLOR)
    except cv2.error:
        raise _damaged(path) from None
    if texture is None or texture.shape != TEXTURE or texture.dtype != np.uint8:
        raise _damaged(path)
    if not np.isfinite(shape).all() or np.abs(shape).max() > 5:
        raise _damaged(path)
    iris: NDArray[np.uint8] = np.array(meta["iris"], np.uint8)
    return Identity(
        meta["name"],
        meta["seed"],
        np.ascontiguousarray(texture, np.uint8),
        np.ascontiguousarray(shape, np.float32),
        iris,
        meta["teeth"],
        dict(meta["parameters"]),
    )


def check_name(name: str) -> str:
    """``name`` without surrounding space. Raises ``DeepcamError`` when it cannot be a name."""
    clean = unicodedata.normalize("NFC", " ".join(name.split()))
    if not _usable(clean):
        raise DeepcamError(
            "That cannot be the name of an identity.",
            f"Use 1 to {LONGEST_NAME} visible characters, not only digits.",
        )
    return clean


def _usable(name: str) -> bool:
    clean = name.strip()
    return 0 < len(clean) <= LONGEST_NAME and clean.isprintable() and not clean.isdecimal()


def _pack(identity: Identity) -> bytes:
    done, png = cv2.imencode(".png", identity.texture)
    if not done:
        raise DeepcamError("The identity's texture could not be encoded.", "Choose another one.")
    raw = io.BytesIO()
    np.save(raw, np.ascontiguousarray(identity.shape, np.float32), allow_pickle=False)
    parts = {"texture.png": png.tobytes(), "shape.npy": raw.getvalue()}
    meta = {
        "format": FORMAT,
        "name": check_name(identity.name),
        "seed": identity.seed,
        "parameters": identity.meta,
        "iris": [int(v) for v in identity.iris],
        "teeth": identity.teeth,
        "sha256": {name: hashlib.sha256(data).hexdigest() for name, data in parts.items()},
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        # A fixed date: the file says nothing about when and where it was made.
        info = zipfile.ZipInfo("meta.json")
        archive.writestr(info, json.dumps(meta, ensure_ascii=False, indent=1))
        for name, data in parts.items():
            archive.writestr(zipfile.ZipInfo(name), data)
    return out.getvalue()


def _write(target: Path, data: bytes) -> None:
    """All or nothing, readable by this user only."""
    part = target.with_name(f".{target.name}.{secrets.token_hex(4)}.part")
    try:
        handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(part, target)
    except OSError as error:
        with contextlib.suppress(OSError):
            part.unlink()
        if isinstance(error, FileNotFoundError | NotADirectoryError):
            raise DeepcamError(
                f"Nothing can be written in the directory {target.parent}.", "Choose another place."
            ) from None
        raise _disk(target, error) from None


def _read(path: Path) -> tuple[dict[str, Any], dict[str, bytes]]:
    """Checked meta data, and the parts whose hashes are right."""
    try:
        # A device or pipe of that name would never end.
        if path.exists() and not path.is_file():
            raise _damaged(path)
        with path.open("rb") as stream:
            data = stream.read(LARGEST_FILE + 1)
    except OSError as error:
        raise _disk(path, error) from None
    if len(data) > LARGEST_FILE:
        raise _damaged(path)
    parts: dict[str, bytes] = {}
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            infos = archive.infolist()
            if sorted(i.filename for i in infos) != sorted(PARTS):
                raise _damaged(path)
            for info in infos:
                # Read to one byte over the limit: what the header says is not to be trusted.
                with archive.open(info) as member:
                    part = member.read(PARTS[info.filename] + 1)
                if len(part) > PARTS[info.filename]:
                    raise _damaged(path)
                parts[info.filename] = part
        meta = json.loads(parts.pop("meta.json"))
    except DeepcamError:
        raise
    except Exception:  # zipfile raises many types for broken archives
        raise _damaged(path) from None
    if isinstance(meta, dict) and isinstance(meta.get("format"), int) and meta["format"] > FORMAT:
        raise DeepcamError(
            f"{path} was written by a newer DeepPrivacy Cam.", "Install the present version."
        )
    if not _meta_fits(meta):
        raise _damaged(path)
    for name, part in parts.items():
        if hashlib.sha256(part).hexdigest() != meta["sha256"].get(name):
            raise _damaged(path)
    return meta, parts


def _name_in(path: Path) -> str:
    """The name that an archive gives itself, without a look at the rest; '' when it has none."""
    try:
        if path.stat().st_size > LARGEST_FILE:
            return ""
        with zipfile.ZipFile(path) as archive, archive.open("meta.json") as member:
            meta = json.loads(member.read(PARTS["meta.json"]))
        return meta["name"] if _meta_fits(meta) else ""
    except Exception:  # zipfile raises many types for broken archives
        return ""


def _meta_fits(meta: object) -> bool:
    if not isinstance(meta, Mapping) or meta.get("format") != FORMAT:
        return False
    name, seed, iris, teeth = (meta.get(k) for k in ("name", "seed", "iris", "teeth"))
    parameters, hashes = meta.get("parameters"), meta.get("sha256")
    return (
        isinstance(name, str)
        and _usable(name)
        and type(seed) is int
        and 0 <= seed < 2**63
        and isinstance(iris, list)
        and len(iris) == 3
        and all(type(v) is int and 0 <= v <= 255 for v in iris)
        and type(teeth) is int
        and 0 <= teeth < TEETH
        and isinstance(parameters, dict)
        and len(parameters) <= 32
        and all(isinstance(v, int | float | str) for v in parameters.values())
        and texts_fit(parameters)
        and isinstance(hashes, dict)
    )


def _saved(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


def _damaged(path: Path) -> DeepcamError:
    return DeepcamError(
        f"{path} is not an identity, or it is damaged.",
        "Make a new one with `deepcam identities new`.",
    )


def _disk(path: Path, error: OSError) -> DeepcamError:
    if isinstance(error, FileNotFoundError):
        return DeepcamError(f"{path} does not exist.", "Check the name.")
    why = error.strerror or type(error).__name__
    return DeepcamError(f"{path} cannot be used: {why}.", "Choose another place or free it.")
