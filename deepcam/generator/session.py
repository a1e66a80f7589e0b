"""ONNX Runtime sessions: which provider runs the network, and why not a faster one."""

from __future__ import annotations

import contextlib
import io
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deepcam.errors import DeepcamError
from deepcam.generator.gear import Gear
from deepcam.models.store import path_of
from deepcam.runtime.cores import Helpers

F32 = NDArray[np.float32]

LADDER = {
    "tensorrt": "TensorrtExecutionProvider",
    "cuda": "CUDAExecutionProvider",
    "directml": "DmlExecutionProvider",
    "coreml": "CoreMLExecutionProvider",
    "openvino": "OpenVINOExecutionProvider",
    "cpu": "CPUExecutionProvider",
}
"""Providers by the names people type, best first."""


NETWORKS = ("auto", "small", "large")
"""What people may ask for."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One provider that was tried and did not serve."""

    provider: str
    reason: str


class NetworkSession:
    """The generator network on the best provider that really works.

    A provider counts as working when the session reports it back and a warm-up run gives finite
    numbers; ``get_available_providers`` alone only says what the wheel was built with.
    """

    def __init__(
        self, path: Path, provider: str = "auto", threads: int = 2, on_cpu: Path | None = None
    ) -> None:
        """``on_cpu``: the same network in eight bits, for the provider ``cpu``.

        Raises ``DeepcamError`` for a provider that does not exist or a model nobody can run.
        """
        import onnxruntime as ort

        if provider != "auto" and provider not in LADDER:
            raise DeepcamError(
                f"There is no provider called {provider}.",
                f"Choose auto or one of {', '.join(LADDER)}.",
            )
        ort.set_default_logger_severity(4)
        self.size = path.stem.removeprefix("generator_")
        """Which network it is: small or large."""
        self._helpers = Helpers()
        self._narrow: Any = None
        self._gear: Gear | None = None
        self._bound: _Bound | None = None
        built = set(ort.get_available_providers())
        wanted = list(LADDER) if provider == "auto" else [provider, "cpu"]
        self.attempts: list[Attempt] = []
        for name in dict.fromkeys(wanted):
            full = LADDER[name]
            if full not in built:
                self.attempts.append(Attempt(name, "not part of the installed onnxruntime"))
                continue
            why = _missing_device(name)
            if why:
                self.attempts.append(Attempt(name, why))
                continue
            if name in _NVIDIA:
                _load_cuda(ort)
            try:
                file = on_cpu if name == "cpu" and on_cpu is not None else path
                session = self._open(ort, file, full, threads)
            except Exception as error:  # ORT raises its own, undocumented classes
                self.attempts.append(Attempt(name, str(error).splitlines()[0][:200]))
                continue
            self.provider = name
            self._session = session
            return
        raise DeepcamError(
            f"The model {path.name} cannot be run: {self.attempts[-1].reason}.",
            "Install DeepPrivacy Cam again, or choose another provider.",
        )

    def _open(self, ort: Any, path: Path, full: str, threads: int) -> Any:
        with self._helpers.recruit():
            session = _session(ort, path, full, threads)
        actual = session.get_providers()
        if not actual or actual[0] != full:
            raise RuntimeError(f"the session fell back to {actual[0] if actual else 'nothing'}")
        shape = session.get_inputs()[0].shape
        self.resolution = int(shape[-1])
        self._input = session.get_inputs()[0].name
        probe = np.zeros(shape, np.float32)
        started = time.perf_counter()
        first = session.run(None, {self._input: probe})[0]
        self.first_ms = (time.perf_counter() - started) * 1e3
        self.warm_ms = self._time(session, probe)
        if not np.isfinite(first).all():
            raise RuntimeError("the network's numbers are not finite")
        self._bound = None
        if full in _OWN_MEMORY:
            self._bound = _Bound(session, self._input, shape)
            started = time.perf_counter()
            self._bound.run(probe[0])
            self.warm_ms = (time.perf_counter() - started) * 1e3
        self._narrow, self._gear = None, None
        if full == LADDER["cpu"] and threads > 1:
            self._narrow = _session(ort, path, full, 1)
            self._time(self._narrow, probe)
            self._gear = Gear(min(self._time(self._narrow, probe) for _ in range(3)))
        return session

    def _time(self, session: Any, probe: F32) -> float:
        """Milliseconds of one run."""
        started = time.perf_counter()
        session.run(None, {self._input: probe})
        return (time.perf_counter() - started) * 1e3

    @property
    def reason(self) -> str:
        """Why it is the CPU; '' on a faster provider."""
        if self.provider != "cpu":
            return ""
        real = [a for a in self.attempts if not a.reason.startswith("not part")]
        if real:
            return "; ".join(f"{a.provider}: {a.reason}" for a in real)
        return "onnxruntime was installed without a GPU provider"

    @property
    def narrow(self) -> bool:
        """The next run takes one core only."""
        return self._gear is not None and not self._gear.wide

    def run(self, planes: F32) -> F32:
        """(CHANNELS, n, n) float32 -> fields (MAPS, n, n) float32, which the next run may
        overwrite."""
        gear = self._gear
        if self._bound is not None:
            return self._bound.run(planes)
        self._helpers.make_way()
        session = self._session if gear is None or gear.wide else self._narrow
        started = time.perf_counter()
        out: F32 = session.run(None, {self._input: planes[None]})[0][0]
        if gear is not None:
            gear.took((time.perf_counter() - started) * 1e3)
        return out


_OWN_MEMORY = frozenset({LADDER["tensorrt"], LADDER["cuda"]})
"""Providers that compute in memory of their own."""


class _Bound:
    """A session with memory of its own for input and output, so that none is asked for and none
    given back in a frame."""

    def __init__(self, session: Any, name: str, shape: Sequence[int]) -> None:
        self._session, self._name = session, name
        self._binding = session.io_binding()
        out = session.get_outputs()[0]
        self._planes = np.zeros(tuple(int(n) for n in shape), np.float32)
        self._fields = np.zeros(tuple(int(n) for n in out.shape), np.float32)
        self._binding.bind_output(
            out.name, "cpu", 0, np.float32, self._fields.shape, self._fields.ctypes.data
        )

    def run(self, planes: F32) -> F32:
        """As ``NetworkSession.run``; the result is overwritten by the next run."""
        self._planes[0] = planes
        # The input is read when it is bound, so that each run binds it anew.
        self._binding.bind_cpu_input(self._name, self._planes)
        self._session.run_with_iobinding(self._binding)
        self._binding.synchronize_outputs()
        out: F32 = self._fields[0]
        return out


def open_network(
    network: str = "auto", provider: str = "auto", threads: int = 2, still: bool = False
) -> NetworkSession:
    """The ``network`` named, ready to run; ``auto`` is the small one.

    The small one of the second generation paints better than the large one of the first: of twelve
    portraits, six people each, it has the wearer's colours where the other is grey, and teeth and
    jaws with edges. On a CPU it runs in eight bits, and in single precision for pictures that do
    not move (``still``). Raises ``DeepcamError``, also for altered files.
    """
    if network not in NETWORKS:
        raise DeepcamError(
            f"There is no network called {network}.", f"Choose one of {', '.join(NETWORKS)}."
        )
    if network == "large":
        return NetworkSession(path_of("generator_large.onnx"), provider, threads)
    short = None if still else path_of("generator_small_int8.onnx")
    return NetworkSession(path_of("generator_small.onnx"), provider, threads, short)


def _session(ort: Any, path: Path, full: str, threads: int) -> Any:
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 4
    # Spinning between the layers saves a third of the time; between two frames the pool must not
    # take the other threads' core.
    options.add_session_config_entry("session.intra_op.allow_spinning", "1")
    options.add_session_config_entry("session.force_spinning_stop", "1")
    return ort.InferenceSession(str(path), options, providers=[full])


_NVIDIA = frozenset({"cuda", "tensorrt"})


def _load_cuda(ort: Any) -> None:
    """CUDA's libraries from the packages of ``onnxruntime-gpu[cuda,cudnn]``, where they are
    installed: the provider looks for them only where the system does."""
    load = getattr(ort, "preload_dlls", None)  # since 1.21
    if load is None:
        return
    # It prints what it does not find; whether the provider works is seen afterwards, and stdout may
    # be somebody's JSON.
    with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(Exception):
        load()


def _missing_device(name: str) -> str:
    """A cheap look before a provider is loaded: a failed CUDA load costs a second."""
    if (
        name in _NVIDIA
        and os.name == "posix"
        and not (os.path.exists("/dev/nvidiactl") or os.path.exists("/dev/dxg"))
    ):
        return "no NVIDIA graphics card or driver was found"
    return ""
