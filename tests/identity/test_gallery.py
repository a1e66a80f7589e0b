"""Saved identities: kept exactly, private, and no file is believed that was not checked."""

from __future__ import annotations

import io
import json
import os
import pickle
import stat
import struct
import time
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from deepcam.errors import DeepcamError
from deepcam.identity import gallery as module
from deepcam.identity.gallery import Gallery, resolve_identity
from deepcam.identity.model import IdentityModel
from deepcam.identity.types import Identity


@pytest.fixture(scope="module")
def person() -> Identity:
    return IdentityModel.load().sample(7, name="Ada Löve")


@pytest.fixture
def gallery(tmp_path: Path) -> Gallery:
    return Gallery(tmp_path / "identities")


def test_what_is_saved_comes_back(gallery: Gallery, person: Identity) -> None:
    gallery.save(person)
    for name in ("Ada Löve", "ada löve", 7, "7"):
        back = gallery.load(name)
        assert (back.name, back.seed, back.teeth) == (person.name, 7, person.teeth)
        assert back.meta == person.meta
        assert np.array_equal(back.texture, person.texture)
        assert np.array_equal(back.shape, person.shape)
        assert np.array_equal(back.iris, person.iris)


def test_only_this_user_may_read_it(gallery: Gallery, person: Identity) -> None:
    path = gallery.save(person)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(gallery.folder.stat().st_mode) == 0o700
    assert [p.name for p in gallery.folder.iterdir()] == [path.name]


def test_default_place_is_the_users(own_home: Path, person: Identity) -> None:
    assert Gallery().save(person).is_relative_to(own_home / "data")


def test_nothing_is_overwritten(gallery: Gallery, person: Identity) -> None:
    gallery.save(person)
    with pytest.raises(DeepcamError, match="exists already"):
        gallery.save(replace(person, seed=8))
    assert gallery.load("Ada Löve").seed == 7


def test_rename_delete_and_undo(gallery: Gallery, person: Identity) -> None:
    gallery.save(person)
    gallery.rename("Ada Löve", "Bob")
    assert [e.name for e in gallery.list()] == ["Bob"]
    gallery.rename("Bob", "BOB")
    assert [e.name for e in gallery.list()] == ["BOB"]
    gallery.delete("bob")
    assert gallery.list() == ()
    with pytest.raises(DeepcamError, match="No identity is called"):
        gallery.load("bob")
    assert gallery.undelete() == "BOB"
    assert gallery.load("bob").seed == 7
    with pytest.raises(DeepcamError, match="no deleted identity"):
        gallery.undelete()


def test_export_and_import(gallery: Gallery, person: Identity, tmp_path: Path) -> None:
    gallery.save(person)
    file = gallery.export(7, tmp_path / "ada")
    assert file.suffix == module.SUFFIX
    with pytest.raises(DeepcamError, match="exists already"):
        gallery.export(7, tmp_path / "ada")
    other = Gallery(tmp_path / "other")
    assert other.import_(file, "Eve").name == "Eve"
    assert np.array_equal(other.load("Eve").texture, person.texture)


@pytest.mark.parametrize("name", ["", "   ", "123", "x" * 61, "a\x00b", "a\x1bb"])
def test_names_that_cannot_be(gallery: Gallery, person: Identity, name: str) -> None:
    with pytest.raises(DeepcamError, match="cannot be the name"):
        gallery.save(replace(person, name=name))
    assert not gallery.folder.exists()


def test_a_name_never_leaves_the_folder(gallery: Gallery, person: Identity) -> None:
    path = gallery.save(replace(person, name="../../etc/passwd"))
    assert path.parent == gallery.folder
    assert gallery.load("../../etc/passwd").seed == 7


def _rebuilt(data: bytes, change: Callable[[dict[str, bytes]], None]) -> bytes:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    change(parts)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    return out.getvalue()


def _meta(parts: dict[str, bytes], rehash: bool = True, **changes: object) -> None:
    import hashlib

    meta = json.loads(parts["meta.json"])
    meta.update(changes)
    if rehash:
        for name in ("texture.png", "shape.npy"):
            meta["sha256"][name] = hashlib.sha256(parts[name]).hexdigest()
    parts["meta.json"] = json.dumps(meta).encode()


def _bytes(array: np.ndarray) -> bytes:
    raw = io.BytesIO()
    np.save(raw, array, allow_pickle=array.dtype == object)
    return raw.getvalue()


def _giant_png() -> bytes:
    header = struct.pack(">IIBBBBB", 60000, 60000, 8, 2, 0, 0, 0)
    crc = struct.pack(">I", zlib.crc32(b"IHDR" + header))
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + b"IHDR" + header + crc + b"\0" * 64


def _zip() -> bytes:
    raw = io.BytesIO()
    np.savez(raw, shape=np.zeros((468, 3), np.float32))
    return raw.getvalue()


def _animated(data: dict[str, bytes]) -> None:
    """A true picture with the chunk of an animation, whose first frame is broken."""
    png = data["texture.png"]
    control = b"acTL" + struct.pack(">II", 2, 0)
    chunk = struct.pack(">I", 8) + control + struct.pack(">I", zlib.crc32(control))
    frame = b"fcTL" + struct.pack(">IIIIIHHBB", 0, 9, 9, 0, 0, 1, 1, 0, 0)
    chunk += struct.pack(">I", 26) + frame + struct.pack(">I", zlib.crc32(frame))
    data["texture.png"] = png[:33] + chunk + png[33:60] + png[-12:]
    _meta(data)


def _set(**parts: bytes) -> Callable[[dict[str, bytes]], None]:
    def change(all_parts: dict[str, bytes]) -> None:
        all_parts.update({k.replace("_", "."): v for k, v in parts.items()})
        _meta(all_parts)

    return change


DAMAGE: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda data: b"",
    "text": lambda data: b"this is no identity",
    "cut": lambda data: data[: len(data) // 2],
    "flipped bit": lambda data: data[:4000] + bytes([data[4000] ^ 1]) + data[4001:],
    "too large": lambda data: data + b"\0" * (module.LARGEST_FILE + 1),
    "bomb": lambda d: _rebuilt(d, _set(texture_png=b"\0" * (64 << 20))),
    "giant picture": lambda d: _rebuilt(d, _set(texture_png=_giant_png())),
    "pickle": lambda d: _rebuilt(d, _set(shape_npy=_bytes(np.array([{}], object)))),
    "bare pickle": lambda d: _rebuilt(d, _set(shape_npy=pickle.dumps(["x"]))),
    "nan": lambda d: _rebuilt(d, _set(shape_npy=_bytes(np.full((468, 3), np.nan, np.float32)))),
    "other shape": lambda d: _rebuilt(d, _set(shape_npy=_bytes(np.zeros((467, 3), np.float32)))),
    "traversal": lambda d: _rebuilt(d, lambda p: p.update({"../evil": b"x"})),
    "missing part": lambda d: _rebuilt(d, lambda p: [p.pop("shape.npy"), None][1]),
    "wrong hash": lambda d: _rebuilt(d, lambda p: p.update({"texture.png": p["texture.png"][:-1]})),
    "seed of text": lambda d: _rebuilt(d, lambda p: _meta(p, seed="7")),
    "teeth": lambda d: _rebuilt(d, lambda p: _meta(p, teeth=99)),
    "iris": lambda d: _rebuilt(d, lambda p: _meta(p, iris=[1, 2, 999])),
    "no object": lambda d: _rebuilt(d, lambda p: p.update({"meta.json": b"[1, 2]"})),
    "zip as shape": lambda d: _rebuilt(d, _set(shape_npy=_zip())),
    "giant shape": lambda d: _rebuilt(
        d, _set(shape_npy=_bytes(np.zeros(1, np.float32)).replace(b"(1,)", b"(9**9,)"))
    ),
    "broken animation": lambda d: _rebuilt(d, _animated),
    "text that a terminal obeys": lambda d: _rebuilt(
        d, lambda p: _meta(p, parameters={"tone": "\x1b[2J"})
    ),
    "name that a terminal obeys": lambda d: _rebuilt(d, lambda p: _meta(p, name="Ada\x9b2J")),
    "newer": lambda d: _rebuilt(d, lambda p: _meta(p, format=99)),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_damaged_files_are_refused(gallery: Gallery, person: Identity, damage: str) -> None:
    path = gallery.save(person)
    path.write_bytes(DAMAGE[damage](path.read_bytes()))
    with pytest.raises(DeepcamError) as caught:
        gallery.load("Ada Löve")
    assert "\n" not in caught.value.what
    assert caught.value.remedy
    entries = gallery.list()
    assert len(entries) == 1
    assert entries[0].problem
    with pytest.raises(DeepcamError):
        Gallery(gallery.folder / "other").import_(path)
    assert not (gallery.folder / "other").exists()
    gallery.delete(entries[0].name)
    assert gallery.list() == ()


def test_only_files_are_read(gallery: Gallery, tmp_path: Path) -> None:
    # Reading a device or a pipe would never end.
    os.mkfifo(tmp_path / "pipe.identity")
    for path in (Path("/dev/zero"), tmp_path / "pipe.identity", tmp_path):
        with pytest.raises(DeepcamError, match="is not an identity"):
            gallery.import_(path)
    assert not gallery.folder.exists()


def test_export_into_a_missing_directory(gallery: Gallery, person: Identity) -> None:
    gallery.save(person)
    with pytest.raises(DeepcamError, match="Nothing can be written in the directory"):
        gallery.export(7, gallery.folder / "no" / "ada.identity")


def test_resolve(gallery: Gallery, person: Identity) -> None:
    gallery.save(replace(person, seed=12))
    assert resolve_identity("ada löve", gallery).seed == 12
    assert resolve_identity("12", gallery).name == "Ada Löve"
    assert resolve_identity("13", gallery).seed == 13
    assert resolve_identity(13).name == resolve_identity("13", gallery).name
    assert resolve_identity(None).seed != resolve_identity(None).seed
    with pytest.raises(DeepcamError, match="No identity is called"):
        resolve_identity("nobody", gallery)


def test_full_disk_leaves_nothing(gallery: Gallery, person: Identity) -> None:
    resource = pytest.importorskip("resource")
    gallery.folder.mkdir(parents=True)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, before[1]))
    try:
        with pytest.raises(DeepcamError, match="cannot be used"):
            gallery.save(person)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert list(gallery.folder.iterdir()) == []


def test_names_come_newest_first_without_a_look_at_the_pictures(
    gallery: Gallery, person: Identity, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number, name in enumerate(("Ada", "Bea", "Cleo")):
        path = gallery.save(replace(person, name=name))
        os.utime(path, (1000 + number, 1000 + number))
    (gallery.folder / "broken.identity").write_bytes(b"PK rubbish")
    monkeypatch.setattr("cv2.imdecode", lambda *_: pytest.fail("decoded"))
    assert gallery.names() == ("Cleo", "Bea", "Ada")


def test_what_was_deleted_long_ago_goes_for_good(gallery: Gallery, person: Identity) -> None:
    trash = gallery.folder / ".trash"
    for days, name in ((31, "Ada"), (29, "Bea")):
        gallery.save(replace(person, name=name))
        gallery.delete(name)
        (newest,) = [p for p in trash.iterdir() if name.casefold() in p.name]
        stamp = time.time_ns() - days * 86_400_000_000_000
        newest.rename(trash / f"{stamp:020d}-{newest.name.split('-', 1)[1]}")
        assert gallery.empty_trash() == (days > 30)
    assert gallery.undelete() == "Bea"
    assert not list(trash.iterdir())
    gallery.save(replace(person, name="Cleo"))
    gallery.delete("Cleo")
    assert len(list(trash.iterdir())) == 1


def test_a_picture_with_more_in_it_is_read_without_it(gallery: Gallery, person: Identity) -> None:
    """Profiles, texts and animations never reach the decoder; the pixels are what they were."""

    def add(parts: dict[str, bytes]) -> None:
        note = b"tEXtComment\0hello"
        chunk = struct.pack(">I", len(note) - 4) + note + struct.pack(">I", zlib.crc32(note))
        parts["texture.png"] = parts["texture.png"][:33] + chunk + parts["texture.png"][33:]
        _meta(parts)

    path = gallery.save(person)
    path.write_bytes(_rebuilt(path.read_bytes(), add))
    assert np.array_equal(gallery.load(7).texture, person.texture)


def test_a_damaged_file_shows_its_name_without_harm(gallery: Gallery, run, own_home: Path) -> None:
    folder = own_home / "data" / "identities"
    folder.mkdir(parents=True)
    (folder / "a\x1b]0;owned\x07\x9b31m\nb\u202e.identity").write_bytes(b"PK")
    (folder / os.fsdecode(b"\xff\xfe.identity")).write_bytes(b"PK")
    code, out, err = run("identities", "list")
    assert code == 0
    assert len(out.splitlines()) == 2
    assert all(line.isprintable() for line in (out + err).splitlines())
    code, out, err = run("identities", "list", "--json")
    assert all(line.isprintable() for line in out.splitlines())
    assert "\x1b" in json.loads(out)["identities"][0]["name"]
    code, out, err = run("identities", "show", "x\x1b[2Jy")
    assert code == 1
    assert all(line.isprintable() for line in err.splitlines())
