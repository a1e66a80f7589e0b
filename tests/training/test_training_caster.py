"""What the caster learns from: people before other walls, and a network that learns and exports."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepcam.runtime import vision
from deepcam.training.caster_data import elsewhere, person_of

SIDE = 48


@given(seed=st.integers(0, 2**32 - 1))
def test_another_wall_leaves_the_person_as_they_are(seed: int) -> None:
    rng = np.random.default_rng(seed)
    crop = rng.integers(0, 256, (SIDE, SIDE, 3)).astype(np.uint8)
    person = np.zeros((SIDE, SIDE), np.uint8)
    person[12:36, 12:36] = 255
    other = elsewhere(crop, person, rng)
    assert np.array_equal(other[12:36, 12:36], crop[12:36, 12:36])
    # The wall is smooth, whatever was there.
    assert np.abs(np.diff(other[:10].astype(int), axis=1)).mean() < 12
    whole = np.full_like(person, 255)
    assert np.array_equal(elsewhere(crop, whole, rng), crop)


def test_the_segmentation_finds_somebody_before_a_wall(shared: Path) -> None:
    if vision.installed() != vision.LEGACY:
        pytest.skip("this mediapipe has no person segmentation")
    with av.open(str(shared / "clips" / "grid_sbwe5n.mpg")) as container:
        image = next(container.decode(video=0)).to_ndarray(format="bgr24")
    found = person_of(np.ascontiguousarray(image))
    h, w = found.shape
    assert found.shape == image.shape[:2]
    assert found[h // 2 - 20 : h // 2 + 20, w // 2 - 20 : w // 2 + 20].mean() > 0.9 * 255
    assert found[: h // 6, : w // 8].mean() < 0.2 * 255


@pytest.mark.slow
def test_the_small_network_learns_tones_and_exports(tmp_path: Path) -> None:
    pytest.importorskip("torch", reason="torch is only installed for training")
    pytest.importorskip("onnx", reason="onnx is only installed for training")
    from deepcam.casting.caster import PLANES, SIZE, Caster
    from deepcam.identity.fit import HEAD, read_head
    from deepcam.training import caster
    from deepcam.training.caster_data import target

    rng = np.random.default_rng(0)
    rows = 64
    monk = rng.uniform(1, 10, rows)
    planes = rng.integers(0, 30, (2, rows, PLANES, SIZE, SIZE)).astype(np.uint8)
    planes[:, :, :3] += (220 - 20 * monk)[None, :, None, None, None].astype(np.uint8)
    traits = {"age": "40", "masculine": "0.5", "occlusion": "none", "light": "flat"}
    wanted = np.stack([target(traits | {"tone": str(m)}, 0.3, (0.0, 0.0)) for m in monk])
    taught = np.zeros((rows, HEAD), np.float32)
    taught[:, 18:28] = np.log(wanted[:, 18:28])
    both = np.stack([wanted, wanted])
    heads, odds = caster.heads_for(taught, wanted, both), caster.rarity(wanted)
    net = caster.train(planes, both, heads, odds, 15, tmp_path / "net.pt", batch=32)
    path = tmp_path / "caster.onnx"
    assert caster.export(net, path) < 1e-3
    small = Caster(path)
    heads = [small._run(planes[0, k].astype(np.float32) / 255) for k in range(rows)]
    said = [read_head(head).middles()[2] for head in heads]
    assert np.corrcoef(said, monk)[0, 1] > 0.8


def test_a_view_in_another_skin_teaches_its_own_tone() -> None:
    pytest.importorskip("torch", reason="torch is only installed for training")
    from deepcam.identity.fit import HEAD, MONKS, read_head
    from deepcam.training.caster import heads_for
    from deepcam.training.caster_data import target

    traits = {"age": "40", "masculine": "0.5", "occlusion": "none", "light": "flat"}
    light, dark = (target(traits | {"tone": str(m)}, 0.3, (0.0, 0.0)) for m in (2, 8))
    taught = np.random.default_rng(0).normal(0, 1, (2, HEAD)).astype(np.float32)
    heads = heads_for(taught, np.stack([light, light]), np.stack([[light, dark]]))[0]
    np.testing.assert_array_equal(heads[0], taught[0])
    assert read_head(heads[1]).middles()[2] == pytest.approx(8, abs=0.5)
    np.testing.assert_array_equal(heads[1, :18], taught[1, :18])
    assert float(dark[18:28] @ MONKS) == pytest.approx(8, abs=0.2)


def test_only_skin_changes_its_tone() -> None:
    from deepcam.training.caster_data import in_another_skin

    rng = np.random.default_rng(1)
    crop = np.full((80, 80, 3), (40, 160, 60), np.uint8)  # a green wall
    crop[20:80, 20:60] = np.clip(rng.normal((120, 150, 200), 6, (60, 40, 3)), 0, 255)  # skin
    crop[60:80, 20:60] = (160, 60, 30)  # blue clothes
    person = np.zeros((80, 80), np.uint8)
    person[20:, 20:60] = 255
    face = np.zeros((80, 80), bool)
    face[25:45, 30:50] = True
    same = in_another_skin(crop, person, face, 0.0).astype(int)
    assert np.abs(same - crop).max() <= 1
    dark = in_another_skin(crop, person, face, 4.0).astype(int)
    skin = dark[50:57, 25:55].mean((0, 1)) / crop[50:57, 25:55].mean((0, 1))
    assert (skin < 0.8).all()
    assert skin[0] < skin[2], "dark skin is redder"
    assert np.abs(dark[65:] - crop[65:]).max() <= 1
    assert np.abs(dark[:18] - crop[:18]).max() <= 1
