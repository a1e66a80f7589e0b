"""The order of the rooms in docs/architecture.md: imports go up the table only."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

import deepcam

PACKAGE = Path(deepcam.__file__).parent
TABLE = PACKAGE.parent / "docs" / "architecture.md"
LOOSE = {"__init__.py", "errors.py", "cli.py", "guard.py"}
TORCH, CAMERA = {"training"}, {"sinks/virtualcam.py"}
"""Where torch and pyvirtualcam may be imported."""


def rooms() -> list[str]:
    """In the table's order, each with those it may import above it."""
    if not TABLE.exists():
        pytest.skip("the documentation is not installed")
    text = TABLE.read_text().split("## Rooms")[1].split("\n## ")[0]
    found = re.findall(r"^\| `([a-z]+)(?:/|\.py)` \|", text, re.M)
    assert len(found) > 10
    return found


def imports() -> list[tuple[Path, str]]:
    """Every import of the package, those inside functions too: file and module."""
    found = []
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                found += [(path, alias.name) for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                assert node.level == 0, f"{path}: relative import"
                module = node.module or ""
                found.append((path, module))
                if module == "deepcam":
                    found += [(path, f"deepcam.{alias.name}") for alias in node.names]
    return found


def room_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def test_every_room_is_in_the_table_and_nothing_else_lies_about() -> None:
    folders = {p.name for p in PACKAGE.iterdir() if (p / "__init__.py").exists()}
    loose = {p.name for p in PACKAGE.glob("*.py")}
    assert loose == LOOSE
    assert set(rooms()) == folders | {name[:-3] for name in LOOSE - {"__init__.py"}}


def test_imports_go_up_the_table() -> None:
    order = {room: number for number, room in enumerate(rooms())}
    for path, module in imports():
        parts = module.split(".")
        if parts[0] != "deepcam" or len(parts) < 2 or parts[1] not in order:
            continue
        here = room_of(path)
        assert parts[1] != "guard" or here == "guard", f"{path} imports the guard's former name"
        if here == "__init__":
            assert parts[1] == "runtime"
        else:
            assert order[parts[1]] <= order[here], f"{path} imports {module}"


def test_heavy_libraries_are_imported_where_they_belong() -> None:
    for path, module in imports():
        top = module.split(".")[0]
        if top == "torch":
            assert room_of(path) in TORCH, path
        if top == "pyvirtualcam":
            assert str(path.relative_to(PACKAGE)) in CAMERA, path


def test_what_the_papers_for_developers_name_is_there() -> None:
    root = PACKAGE.parent
    for paper in ("CONTRIBUTING.md", "docs/architecture.md"):
        if not (root / paper).exists():
            pytest.skip("the documentation is not installed")
        text = (root / paper).read_text()
        for name in re.findall(r"`((?:deepcam|tests|docs|models)/[^`]*)`", text):
            assert (root / name).exists(), f"{paper} names {name}"


def test_every_promise_is_on_its_page() -> None:
    folder = Path(__file__).parents[1] / "promises"
    told = set(re.findall(r"`(test_\w+\.py)`", (folder / "README.md").read_text()))
    assert told == {p.name for p in folder.glob("test_*.py")}
