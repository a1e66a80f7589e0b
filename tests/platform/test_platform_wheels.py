"""Every package of pyproject can be had as a wheel, wherever the program is meant to run.

Asks the package index; nothing is installed. Without a way to the index the tests are skipped.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
import urllib.error
import urllib.request
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename
from packaging.version import Version
from places import ROOT

from packaging import tags as wheel_tags

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
PYTHONS = [
    (3, minor) for minor in range(9, 20) if f"3.{minor}" in SpecifierSet(PROJECT["requires-python"])
]
GLIBC = (2, 36)
"""Debian 12, the oldest system that is supported."""
MACOS = (14, 0)
"""The oldest macOS that onnxruntime is built for."""
PATIENCE, LONGEST = 10, 15
"""Seconds for one answer of the index, and for all of them."""
SURE = "jeepney"
"""An index without it is none."""

KNOWN = {
    ("linux arm64", (3, 14), "pyside6-essentials"):
        "Since 6.8.1 its arm64 wheels need glibc 2.39 (Debian 13, Ubuntu 24.04), and those before "
        "are not for Python 3.14: on Debian 12 the app needs Python 3.11 to 3.13.",
    ("linux arm64", (3, 14), "shiboken6"): "The same as PySide6-Essentials, which needs it.",
}  # fmt: skip
"""What no wheel exists for, and what that means for people."""

_GRAPHS = "python_version < '3.13' and (sys_platform != 'linux' or platform_machine == 'x86_64')"
BENEATH = (
    # mediapipe 0.10.21
    f"jaxlib; {_GRAPHS}",
    f"numpy<2; {_GRAPHS}",
    f"protobuf<5,>=4.25.3; {_GRAPHS}",
    f"sentencepiece; {_GRAPHS}",
    # Both generations of mediapipe
    "opencv-contrib-python",
    "matplotlib",
    "sounddevice>=0.5",
    # numba, PySide6-Essentials
    "llvmlite>=0.43",
    "shiboken6>=6.6",
)
"""Compiled code that the packages of pyproject bring along, by their own metadata."""

CARD = (
    "nvidia-cuda-nvrtc~=13.0",
    "nvidia-cuda-runtime~=13.0",
    "nvidia-cufft~=12.0",
    "nvidia-curand~=10.0",
    "nvidia-cudnn-cu13~=9.0",
)
"""What ``onnxruntime-gpu[cuda,cudnn]`` 1.31 asks for."""


@dataclass(frozen=True)
class Target:
    """A system, as environment markers and wheels' names know it."""

    name: str
    sys_platform: str
    system: str
    machine: str

    def environment(self, python: tuple[int, int]) -> dict[str, str]:
        version = "{}.{}".format(*python)
        return {
            "implementation_name": "cpython",
            "implementation_version": f"{version}.0",
            "os_name": "nt" if self.sys_platform == "win32" else "posix",
            "platform_machine": self.machine,
            "platform_python_implementation": "CPython",
            "platform_release": "",
            "platform_system": self.system,
            "platform_version": "",
            "python_full_version": f"{version}.0",
            "python_version": version,
            "sys_platform": self.sys_platform,
        }

    def platforms(self) -> list[str]:
        if self.sys_platform == "win32":
            return ["win_amd64"]
        if self.sys_platform == "darwin":
            return list(wheel_tags.mac_platforms(MACOS, "arm64"))
        old = [f"manylinux{name}_{self.machine}" for name in ("2014", "2010", "1")]
        return [f"manylinux_2_{k}_{self.machine}" for k in range(GLIBC[1], 4, -1)] + old


TARGETS = (
    Target("linux x86_64", "linux", "Linux", "x86_64"),
    Target("linux arm64", "linux", "Linux", "aarch64"),
    Target("windows", "win32", "Windows", "AMD64"),
    Target("macos arm64", "darwin", "Darwin", "arm64"),
)
CASES = [
    pytest.param(target, python, id="{}-{}.{}".format(target.name.replace(" ", "-"), *python))
    for target in TARGETS
    for python in PYTHONS
]


@cache
def _index() -> str:
    """The index that pip asks."""
    given = os.environ.get("PIP_INDEX_URL", "")
    if not given:
        done = subprocess.run(
            [sys.executable, "-m", "pip", "config", "get", "global.index-url"],
            capture_output=True, text=True,
        )  # fmt: skip
        given = done.stdout.strip() if done.returncode == 0 else ""
    return (given or "https://pypi.org/simple").rstrip("/")


def _fetch(address: str, kind: str) -> Any:
    request = urllib.request.Request(address, headers={"Accept": kind})
    with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
        return json.load(answer)


@cache
def _wheels(name: str) -> list[tuple[Version, frozenset[Any], str]]:
    """(version, tags, Python that it asks for) of every wheel, the newest first."""
    try:
        page = _fetch(f"{_index()}/{name}/", "application/vnd.pypi.simple.v1+json")
    except urllib.error.HTTPError as error:
        if error.code == 404:
            return []
        raise
    found = []
    for file in page["files"]:
        if not file["filename"].endswith(".whl") or file.get("yanked"):
            continue
        try:
            _, version, _, tags = parse_wheel_filename(file["filename"])
        except InvalidWheelFilename:
            continue
        if not version.is_prerelease:
            found.append((version, tags, file.get("requires-python") or ""))
    return sorted(found, key=lambda wheel: wheel[0], reverse=True)


@cache
def _supported(target: Target, python: tuple[int, int]) -> frozenset[Any]:
    platforms = target.platforms()
    return frozenset(
        [
            *wheel_tags.cpython_tags(python, platforms=platforms),
            *wheel_tags.compatible_tags(python, f"cp{python[0]}{python[1]}", platforms),
        ]
    )


def _choose(
    name: str, wanted: SpecifierSet, target: Target, python: tuple[int, int]
) -> Version | None:
    """The version that pip would take, wheels only."""
    for version, tags, requires in _wheels(name):
        if not wanted.contains(version) or not tags & _supported(target, python):
            continue
        if SpecifierSet(requires).contains("{}.{}.0".format(*python)):
            return version
    return None


def resolve(
    asked: Iterable[str], target: Target, python: tuple[int, int]
) -> tuple[dict[str, Version], set[str]]:
    """(name -> version of what would be installed, names of what cannot be had)."""
    environment = target.environment(python)
    wanted: dict[str, SpecifierSet] = {}
    for requirement in map(Requirement, asked):
        if requirement.marker is None or requirement.marker.evaluate(environment):
            name = canonicalize_name(requirement.name)
            wanted[name] = wanted.get(name, SpecifierSet()) & requirement.specifier
    found = {name: _choose(name, range_, target, python) for name, range_ in wanted.items()}
    chosen = {name: version for name, version in found.items() if version is not None}
    return chosen, set(found) - set(chosen)


@cache
def _silence() -> str:
    """Why the index is of no use here; '' when it has told everything that is needed."""
    asked = [*_asked("app", "cuda"), *BENEATH, *CARD]
    names = {canonicalize_name(Requirement(text).name) for text in asked}
    pool = ThreadPoolExecutor(8)
    try:
        answers = pool.map(_wheels, [SURE, *sorted(names - {SURE})], timeout=LONGEST)
        return "" if next(answers) and list(answers) else "it does not know the simplest package"
    except TimeoutError:
        return f"no answer within {LONGEST} seconds"
    except (OSError, ValueError, KeyError, TypeError) as error:
        return type(error).__name__
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


@pytest.fixture
def index() -> None:
    """Skips where the index does not answer, or not in the way that is needed here."""
    if _silence():
        pytest.skip(f"the package index {_index()} cannot be asked: {_silence()}")


def _asked(*extras: str) -> list[str]:
    more = (text for extra in extras for text in PROJECT["optional-dependencies"][extra])
    return [*PROJECT["dependencies"], *more]


def _known(target: Target, python: tuple[int, int]) -> set[str]:
    return {name for system, version, name in KNOWN if (system, version) == (target.name, python)}


@pytest.mark.parametrize(("target", "python"), CASES)
def test_wheels_of_everything_exist(index: None, target: Target, python: tuple[int, int]) -> None:
    _, lacking = resolve([*_asked("app"), *BENEATH], target, python)
    assert lacking == _known(target, python)


@pytest.mark.parametrize(("target", "python"), CASES)
def test_the_wheels_of_a_card_exist_where_there_can_be_one(
    index: None, target: Target, python: tuple[int, int]
) -> None:
    chosen, lacking = resolve([*_asked("cuda"), *CARD], target, python)
    if target.sys_platform == "darwin":
        assert "onnxruntime-gpu" not in chosen
        return
    assert not lacking
    assert "onnxruntime-gpu" in chosen


@pytest.mark.parametrize(("target", "python"), CASES)
def test_one_runtime_and_one_tracker_are_asked_for(target: Target, python: tuple[int, int]) -> None:
    """Both packages called onnxruntime write the same files; two ranges of mediapipe would exclude
    each other. Needs no index."""
    environment = target.environment(python)
    asked = [
        canonicalize_name(requirement.name)
        for requirement in map(Requirement, _asked("app", "cuda"))
        if requirement.marker is None or requirement.marker.evaluate(environment)
    ]
    assert len({"onnxruntime", "onnxruntime-gpu"} & set(asked)) == 1
    assert asked.count("mediapipe") == 1


def test_the_table_of_exceptions_is_about_our_targets() -> None:
    names = {target.name for target in TARGETS}
    assert len(PYTHONS) == 4
    for (system, version, _), why in KNOWN.items():
        assert system in names
        assert version in PYTHONS
        assert why.endswith(".")


def test_a_package_without_wheels_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """Needs no index."""
    tags = frozenset(wheel_tags.parse_tag("cp312-cp312-win_amd64"))
    pages = {"here": [(Version("2.0"), tags, ">=3.11")], "away": [(Version("2.0"), tags, ">=3.13")]}
    monkeypatch.setattr(sys.modules[__name__], "_wheels", pages.__getitem__)
    asked = ["here>=1", "away", "here<3"]
    windows, linux = TARGETS[2], TARGETS[0]
    assert resolve(asked, windows, (3, 12)) == ({"here": Version("2.0")}, {"away"})
    assert resolve(asked, linux, (3, 12)) == ({}, {"here", "away"})
    assert resolve(["here>=2.1"], windows, (3, 12)) == ({}, {"here"})
    assert resolve(["away; sys_platform != 'win32'"], windows, (3, 12)) == ({}, set())
