"""Runs in the bundle before everything else, in worker processes too."""

import importlib.machinery
import os
import sys
import types
from pathlib import Path


def _system_libraries() -> None:
    """Programs of the system (sudo, pkexec, modinfo) must not meet the bundle's libraries; this
    process has its search path already."""
    for name in ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH"):
        if f"{name}_ORIG" in os.environ:
            os.environ[name] = os.environ[f"{name}_ORIG"]
        else:
            os.environ.pop(name, None)


def _compiled_code() -> None:
    """Numba compiles on the first start and keeps the result: never in the program's own folder,
    where a run as root would leave files that no package knows."""
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Caches"
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    os.environ.setdefault("NUMBA_CACHE_DIR", str(base / "deepprivacy-cam" / "numba"))
    sys.dont_write_bytecode = True


def _solutions(name: str) -> object:
    """``mediapipe.solutions``, asked for by the benchmark only; draws nothing, so no matplotlib."""
    if name != "solutions":
        raise AttributeError(name)
    for stand_in in ("matplotlib", "matplotlib.pyplot"):
        sys.modules.setdefault(stand_in, types.ModuleType(stand_in))
    sys.modules["matplotlib"].pyplot = sys.modules["matplotlib.pyplot"]  # type: ignore[attr-defined]
    from mediapipe.python import solutions

    return solutions


def _mediapipe() -> None:
    """mediapipe's own start imports everything it has, and jax and matplotlib with it; the tracker
    uses its graphs alone."""
    folder = Path(sys._MEIPASS) / "mediapipe"  # type: ignore[attr-defined]
    if not folder.is_dir():
        return
    package = types.ModuleType("mediapipe")
    package.__path__ = [str(folder)]
    package.__file__ = str(folder / "__init__.py")
    package.__spec__ = importlib.machinery.ModuleSpec("mediapipe", None, is_package=True)
    package.__spec__.submodule_search_locations = [str(folder)]
    package.__getattr__ = _solutions  # type: ignore[method-assign]
    sys.modules["mediapipe"] = package


_system_libraries()
_compiled_code()
_mediapipe()
