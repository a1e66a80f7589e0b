"""Anonymizing files: bad input gives a sentence, inputs stay, nothing half-written."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from places import ROOT
from scenes import FakeGenerator

from deepcam.batch import files
from deepcam.batch.files import Kind, Options, plan
from deepcam.casting.caster import Caster
from deepcam.errors import DeepcamError
from deepcam.geometry.basis import FaceBasis
from deepcam.identity.model import IdentityModel
from deepcam.identity.nearness import Nearness
from deepcam.models import store as modelstore
from deepcam.pipeline.anonymizer import Anonymizer, AnonymizerSettings

pytestmark = pytest.mark.usefixtures("plain_stderr")


@pytest.fixture
def clip(shared: Path) -> Path:
    return shared / "clips" / "grid_bbaf2n.mpg"


@pytest.fixture
def photograph(shared: Path) -> np.ndarray:
    picture = cv2.imread(str(shared / "stills" / "glasses.jpg"))
    return cv2.resize(picture, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)


def _failed(result: tuple[int, str, str], *words: str) -> None:
    code, out, err = result
    assert code == 1, err
    lines = [x for x in err.splitlines() if x and "W0000" not in x and "INFO" not in x]
    lines = [x for x in lines if not x.startswith("WARNING: All log")]
    assert out == ""
    assert len(lines) == 1, err
    assert "Traceback" not in err
    for word in words:
        assert word in lines[0]


def _names(folder: Path) -> set[str]:
    return {p.name for p in folder.rglob("*")}


def test_no_such_file(run, tmp_path: Path) -> None:
    _failed(run("anonymize", tmp_path / "no.mp4", "-o", tmp_path / "o.mp4"), "does not exist")
    assert _names(tmp_path) == set()


def test_text_named_mp4(run, tmp_path: Path) -> None:
    (tmp_path / "a.mp4").write_text("this is no video at all\n" * 100)
    _failed(run("anonymize", tmp_path / "a.mp4", "-o", tmp_path / "o.mp4"), "not a video")
    assert _names(tmp_path) == {"a.mp4"}


def test_text_named_png(run, tmp_path: Path) -> None:
    (tmp_path / "a.png").write_text("no picture")
    _failed(run("anonymize", tmp_path / "a.png", "-o", tmp_path / "o.png"), "not a picture")
    assert _names(tmp_path) == {"a.png"}


def test_folder_without_pictures(run, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "notes.txt").write_text("x")
    _failed(run("anonymize", tmp_path / "in", "-o", tmp_path / "out"), "no pictures or videos")
    assert not (tmp_path / "out").exists()


def test_empty_names_are_not_this_directory(run, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    cv2.imwrite("a.png", np.full((40, 40, 3), 90, np.uint8))
    _failed(run("anonymize", "", "-o", "out"), "nothing to anonymize")
    _failed(run("anonymize", "a.png", "-o", ""), "no name")
    assert _names(tmp_path) == {"a.png"}


@pytest.mark.parametrize("name", ["pipe.mp4", "pipe.png"])
def test_pipes_and_devices(run, tmp_path: Path, name: str) -> None:
    os.mkfifo(tmp_path / name)
    _failed(run("anonymize", tmp_path / name, "-o", tmp_path / f"o{name[4:]}"), "neither a file")
    _failed(run("anonymize", "/dev/zero", "-o", tmp_path / "o.mp4"), "neither a file")
    assert _names(tmp_path) == {name}


def test_kinds_that_cannot_be_read(run, tmp_path: Path) -> None:
    source = tmp_path / "in"
    source.mkdir()
    (source / "phone.jxl").write_bytes(b"\0\0\0\x0cJXL " + b"\0" * 200)
    _failed(
        run("anonymize", source / "phone.jxl", "-o", tmp_path / "o.jpg"), "not a picture", "JPEG"
    )
    # In a folder it is named: nobody shall believe that it was done.
    cv2.imwrite(str(source / "a.png"), np.full((40, 40, 3), 90, np.uint8))
    code, out, _ = run("anonymize", source, "-o", source / "out", "--identity", 20)
    assert code == 0
    assert "1 other file left out" in out
    assert "phone.jxl" in out
    args = ("anonymize", source, "-o", source / "out", "--identity", 20, "--json")
    summary = json.loads(run(*args)[1])
    assert summary["kept"] == 1
    assert summary["left_out"] == [str(source / "phone.jxl")]


def test_pictures_under_other_names(tmp_path: Path) -> None:
    done, data = cv2.imencode(".jpg", np.full((40, 40, 3), 90, np.uint8))
    assert done
    for name, target in (("a.jfif", "a.png"), ("noending", "noending.png")):
        (tmp_path / name).write_bytes(data.tobytes())
        job = plan([tmp_path / name], f"{tmp_path / 'out'}/")[0]
        assert (job.kind, job.target.name) == (Kind.IMAGE, target)
        assert plan([tmp_path / name], tmp_path / "o.jpg")[0].kind is Kind.IMAGE


def test_output_on_an_input(run, tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    cv2.imwrite(str(path), np.full((40, 40, 3), 90, np.uint8))
    before = path.read_bytes()
    _failed(run("anonymize", path, "-o", path, "--force"), "one of the inputs")
    (tmp_path / "b.png").hardlink_to(path)
    _failed(run("anonymize", path, "-o", tmp_path / "b.png", "--force"), "one of the inputs")
    (tmp_path / "c.png").symlink_to(path)
    _failed(run("anonymize", path, "-o", tmp_path / "c.png", "--force"), "one of the inputs")
    _failed(run("anonymize", tmp_path, "-o", tmp_path, "--force"), "one of the inputs")
    assert path.read_bytes() == before


def test_existing_output_is_kept(run, tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "a.png"), np.full((40, 40, 3), 90, np.uint8))
    (tmp_path / "o.png").write_text("mine")
    _failed(run("anonymize", tmp_path / "a.png", "-o", tmp_path / "o.png"), "--force")
    assert (tmp_path / "o.png").read_text() == "mine"


def test_format_that_cannot_be_written(run, tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "a.png"), np.full((40, 40, 3), 90, np.uint8))
    _failed(run("anonymize", tmp_path / "a.png", "-o", tmp_path / "o.doc"), "cannot be written")
    assert not (tmp_path / "o.doc").exists()


def test_read_only_place(run, tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "a.png"), np.full((40, 40, 3), 90, np.uint8))
    # Nobody, root included, can write there.
    _failed(run("anonymize", tmp_path / "a.png", "-o", "/proc/deepcam/o.png"), "/proc/deepcam")
    assert [p.name for p in tmp_path.iterdir()] == ["a.png"]


def test_unknown_identity(run, tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "a.png"), np.full((40, 40, 3), 90, np.uint8))
    out = tmp_path / "o.png"
    args = ("anonymize", tmp_path / "a.png", "-o", out, "--identity", "Nobody Known")
    _failed(run(*args), "No identity is called")
    assert not out.exists()


def test_corrupt_identity(run, tmp_path: Path, own_home: Path) -> None:
    from deepcam.identity.gallery import Gallery

    cv2.imwrite(str(tmp_path / "a.png"), np.full((40, 40, 3), 90, np.uint8))
    path = Gallery().save(IdentityModel.load().sample(5, name="Broken"))
    path.write_bytes(path.read_bytes()[:5000])
    out = tmp_path / "o.png"
    args = ("anonymize", tmp_path / "a.png", "-o", out, "--identity", "Broken")
    _failed(run(*args), "damaged")
    assert not out.exists()


@pytest.fixture
def other_models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    folder = tmp_path / "models"
    shutil.copytree(modelstore.MODELS_DIR, folder)
    monkeypatch.setattr(modelstore, "MODELS_DIR", folder)
    caches = (
        modelstore.path_of, IdentityModel.load, FaceBasis.load, Nearness.load, Caster.load,
    )  # fmt: skip
    for cache in caches:
        cache.cache_clear()
    yield folder
    for cache in caches:
        cache.cache_clear()


@pytest.mark.parametrize(
    "name",
    [
        "generator_small.onnx",
        "generator_large.onnx",
        "identity_bank.npz",
        "face_basis.npz",
        "donor_codes.npz",
    ],
)
def test_corrupt_model(run, tmp_path: Path, other_models: Path, name: str) -> None:
    data = bytearray((other_models / name).read_bytes())
    data[len(data) // 2] ^= 1
    (other_models / name).write_bytes(data)
    cv2.imwrite(str(tmp_path / "a.png"), np.full((40, 40, 3), 90, np.uint8))
    out = tmp_path / "o.png"
    network = "large" if "large" in name else "auto"
    _failed(run("anonymize", tmp_path / "a.png", "-o", out, "--network", network), name)
    assert not out.exists()


def test_corrupt_network_of_films(run, tmp_path: Path, other_models: Path) -> None:
    path = other_models / "generator_small_int8.onnx"
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    film = tmp_path / "a.avi"
    writer = cv2.VideoWriter(str(film), cv2.VideoWriter.fourcc(*"MJPG"), 25, (64, 48))
    for _ in range(3):
        writer.write(np.full((48, 64, 3), 90, np.uint8))
    writer.release()
    out = tmp_path / "o.mp4"
    _failed(run("anonymize", film, "-o", out), path.name)
    assert not out.exists()


@pytest.mark.parametrize("how", ["missing", "altered"])
def test_without_the_caster_people_are_drawn_without_it(
    tmp_path: Path, other_models: Path, how: str
) -> None:
    path = other_models / "caster.onnx"
    data = bytearray(path.read_bytes())
    path.unlink()
    if how == "altered":
        data[len(data) // 2] ^= 1
        path.write_bytes(data)
    settings = AnonymizerSettings(live=False, provider="cpu", session_seed=4)
    anonymizer = Anonymizer(settings, generator=FakeGenerator())
    assert anonymizer.problem is None
    assert anonymizer.notice is not None
    assert "caster.onnx" in anonymizer.notice.what
    assert anonymizer.identity is not None
    assert anonymizer.identity.seed == 4
    assert anonymizer.suggest([1, 2]) == []
    anonymizer.close()


def test_unusual_pictures(run, tmp_path: Path, photograph: np.ndarray) -> None:
    source = tmp_path / "in"
    (source / "deep").mkdir(parents=True)
    grey = cv2.cvtColor(photograph, cv2.COLOR_BGR2GRAY)
    alpha = np.full(grey.shape, 200, np.uint8)
    cv2.imwrite(str(source / "one.png"), np.full((1, 1, 3), 90, np.uint8))
    cv2.imwrite(str(source / "deep" / "grey.png"), grey)
    cv2.imwrite(str(source / "alpha.png"), np.dstack([photograph, alpha]))
    cv2.imwrite(str(source / "8k.jpg"), np.full((4320, 7680, 3), 90, np.uint8))
    (source / "broken.jpg").write_bytes(b"\xff\xd8 nothing")
    before = {p: hashlib.sha256(p.read_bytes()).digest() for p in source.rglob("*.*")}
    out = tmp_path / "out"
    result = run("anonymize", source, "-o", out, "--identity", 20)
    assert result[0] == 1  # for the broken one; the others are done
    assert "broken.jpg is not a picture" in result[2]
    assert _names(out) == {"one.png", "deep", "grey.png", "alpha.png", "8k.jpg"}
    assert {p: hashlib.sha256(p.read_bytes()).digest() for p in before} == before
    read = {
        p.name: cv2.imread(str(p), cv2.IMREAD_UNCHANGED) for p in out.rglob("*.*") if p.is_file()
    }
    assert read["one.png"].shape == (1, 1, 3)
    assert read["8k.jpg"].shape == (4320, 7680, 3)
    assert read["grey.png"].shape == grey.shape
    # Opaque where a face was: alpha would draw it once more.
    new = (read["alpha.png"][:, :, :3] != photograph).any(2)
    assert set(read["alpha.png"][new][:, 3]) == {255}
    assert np.array_equal(read["alpha.png"][:, :, 3][~new & (read["alpha.png"][:, :, 3] < 255)],
                          alpha[~new & (read["alpha.png"][:, :, 3] < 255)])  # fmt: skip
    assert (read["alpha.png"][:, :, 3] == 200).mean() > 0.1
    for name, raw in (("grey.png", grey), ("alpha.png", photograph)):
        difference = cv2.absdiff(read[name] if raw.ndim == 2 else read[name][:, :, :3].copy(), raw)
        changed = difference.reshape(*grey.shape, -1).max(2) > 0
        assert 0.01 < changed.mean() < 0.9  # a face was there, and it is another now


def test_truncated_video(run, tmp_path: Path, clip: Path) -> None:
    whole = tmp_path / "whole.mp4"
    with av.open(str(clip)) as source, av.open(str(whole), "w") as target:
        stream = target.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 360, 288, "yuv420p"
        for frame in source.decode(video=0):
            frame.pts = None
            target.mux(stream.encode(frame))
        target.mux(stream.encode(None))
    cut = tmp_path / "cut.mp4"
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    _failed(run("anonymize", cut, "-o", tmp_path / "o.mp4"), "cut.mp4")
    assert _names(tmp_path) == {"whole.mp4", "cut.mp4"}


def test_full_disk(run, tmp_path: Path, clip: Path) -> None:
    resource = pytest.importorskip("resource")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, before[1]))
    try:
        result = run("anonymize", clip, "-o", tmp_path / "o.mp4", "--identity", 20)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    _failed(result, "o.mp4")
    assert _names(tmp_path) == set()


def test_interrupted(tmp_path: Path, clip: Path) -> None:
    def stop(_job: object, done: int, _total: int) -> None:
        if done == 5:
            raise KeyboardInterrupt

    jobs = plan([clip], tmp_path / "o.mp4")
    with pytest.raises(KeyboardInterrupt):
        files.anonymize(jobs, Options(identity=20), stop)
    assert _names(tmp_path) == set()
    assert threading.active_count() < 50


def test_an_interruption_before_the_writer_is_there_leaves_nothing(
    tmp_path: Path, clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from deepcam.sinks import writer

    class Interrupted(writer.TargetFile):
        def __init__(self, path: Path) -> None:
            super().__init__(path)
            self.close()
            raise KeyboardInterrupt

    monkeypatch.setattr(writer, "TargetFile", Interrupted)
    jobs = files.plan([clip], tmp_path / "o.mp4")
    with pytest.raises(KeyboardInterrupt):
        files.anonymize(jobs, Options(identity=20))
    assert _names(tmp_path) == set()


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_process(tmp_path: Path, clip: Path, number: signal.Signals) -> None:
    env = {**os.environ, "PYTHONPATH": str(ROOT), "DEEPCAM_DEBUG": ""}
    args = ("anonymize", str(clip), "-o", str(tmp_path / "o.mp4"), "--identity", "20")
    process = subprocess.Popen(
        [sys.executable, "-m", "deepcam.cli", *args], env=env, text=True, stderr=subprocess.PIPE
    )
    try:
        deadline = time.monotonic() + 60
        while not list(tmp_path.iterdir()):  # until the file in work appears
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.02)
        process.send_signal(number)
        _, err = process.communicate(timeout=30)
    finally:
        process.kill()
    assert process.returncode == 130
    assert err.splitlines() == ["Interrupted; nothing half-written was left."]
    assert _names(tmp_path) == set()


@pytest.mark.slow
def test_whole_clip(run, tmp_path: Path, clip: Path) -> None:
    out = tmp_path / "o.mp4"
    code, printed, _ = run("anonymize", clip, "-o", out, "--identity", 20, "--json")
    assert code == 0
    summary = json.loads(printed)
    assert summary["frames"] == 75
    assert summary["generated"] + summary["covered"] == 75
    assert summary["generated"] >= 60
    with av.open(str(clip)) as raw, av.open(str(out)) as made:
        a, b = raw.streams.video[0], made.streams.video[0]
        assert (a.width, a.height, a.average_rate) == (b.width, b.height, b.average_rate)
        assert made.streams.audio
        assert not {k.lower() for k in made.metadata} & {"location", "creation_time", "title"}
        pairs = list(zip(raw.decode(a), made.decode(b), strict=True))
        assert len(pairs) == 75
        for before, after in pairs:
            # The face lies in the middle of these clips: there, every frame differs clearly.
            x = before.to_ndarray(format="gray")[110:200, 140:220].astype(int)
            y = after.to_ndarray(format="gray")[110:200, 140:220].astype(int)
            assert np.abs(x - y).mean() > 4
    with av.open(str(out)) as made:
        assert sum(f.samples for f in made.decode(audio=0)) > 2.5 * 25000


def test_plan_names(tmp_path: Path) -> None:
    for name in ("in/a.jpg", "in/b/c.mpg", "in/.hidden.jpg", "in/d.txt", "in/e.MKV"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    jobs = plan([tmp_path / "in"], tmp_path / "out")
    assert {(str(j.target.relative_to(tmp_path / "out")), j.kind) for j in jobs} == {
        ("a.jpg", Kind.IMAGE),
        ("b/c.mp4", Kind.VIDEO),
        ("e.MKV", Kind.VIDEO),
    }
    inside = plan([tmp_path / "in"], tmp_path / "in" / "out")
    (tmp_path / "in" / "out").mkdir()
    (tmp_path / "in" / "out" / "a.jpg").touch()
    assert len(plan([tmp_path / "in"], tmp_path / "in" / "out")) == len(inside)
    (tmp_path / "in" / "b" / "c.avi").touch()
    with pytest.raises(DeepcamError, match="would both become"):
        plan([tmp_path / "in"], tmp_path / "out")
