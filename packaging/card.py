"""Everything that has to be measured on a graphics card, in one go of less than ten minutes.

    python packaging/card.py [--python PYTHON] [--output FOLDER] [--minutes 10]
    python packaging/card.py --allow-cpu      a rehearsal without a card, short and small

PYTHON is that of an environment with DeepPrivacy Cam in it (by default the one that runs this).
Where there is an NVIDIA card, CUDA's libraries are installed into it if they are missing. It is
checked that the network really runs on the card; else this ends with an error. Then both networks
are measured with one and three faces at 1280x720 and 1920x1080 (``deepcam bench``), and the live
path with one and three faces at both sizes (``deepcam run``). FOLDER gets ``card.json`` and
``card.md``, after every step, so that an end before the end leaves what was measured.

The people in the films do not exist. Needs nothing but Python itself.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
LIBRARIES = "onnxruntime-gpu[cuda,cudnn]"
NETWORKS = ("large", "small")
FACES = (1, 3)
PATIENCE = 300.0
"""Seconds that one command may take at most."""
SPARE = 5.0
"""Seconds that are kept for writing the results."""
COLUMNS = (
    "command", "network", "provider", "size", "faces", "frames/s", "p50 ms", "p95 ms", "memory MB",
    "card MB",
)  # fmt: skip


class CardError(Exception):
    """(what happened, what to do): one sentence each."""


@dataclass(frozen=True)
class Plan:
    """How much is measured."""

    sizes: tuple[tuple[int, int], ...] = ((1280, 720), (1920, 1080))
    frames: int = 150
    film: int = 40
    """Frames that are rendered of each film."""
    seconds: int = 40
    """Of each live run."""


REHEARSAL = Plan(((640, 360), (960, 540)), 10, 12, 10)


@dataclass(frozen=True)
class Done:
    """What a command left: exit code, outputs, seconds, and the most memory in use, MB: of the
    card, and of the command's processes together (pages that they share count twice)."""

    code: int
    out: str
    err: str
    seconds: float
    card_mb: int | None = None
    memory_mb: float | None = None


Runner = Callable[[Sequence[str], float], Done]


def card() -> dict[str, str] | None:
    """The first NVIDIA card as its driver tells it; None without one."""
    facts = ("name", "driver_version", "memory.total")
    line = _smi(f"--query-gpu={','.join(facts)}")
    parts = [part.strip() for part in line.split(",")]
    return dict(zip(facts, parts, strict=True)) if len(parts) == len(facts) and all(parts) else None


def _smi(query: str) -> str:
    """The first line of an answer of nvidia-smi; '' without one."""
    try:
        done = subprocess.run(
            ["nvidia-smi", query, "--format=csv,noheader,nounits"],
            capture_output=True, text=True, timeout=20,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return ""
    lines = done.stdout.splitlines()
    return lines[0].strip() if done.returncode == 0 and lines else ""


def run(command: Sequence[str], most: float) -> Done:
    """Run a command for at most so many seconds, and watch the memory meanwhile."""
    begin = time.monotonic()
    environment = {**os.environ, "PYTHONPATH": _search_path()}
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL,
        text=True, env=environment,
    )  # fmt: skip
    used: int | None = None
    memory: float | None = None
    while True:
        try:
            out, err = process.communicate(timeout=1.0)
            break
        except subprocess.TimeoutExpired:
            if time.monotonic() - begin > most:
                process.kill()
                out, err = process.communicate()
                err += f"\nIt was ended after {most:.0f} seconds."
                break
            own = resident(process.pid)
            memory = own if memory is None else max(memory, own or 0.0)
            figure = _smi("--query-gpu=memory.used")
            if figure.isdigit():
                used = max(used or 0, int(figure))
    return Done(process.returncode, out, err, time.monotonic() - begin, used, memory)


def resident(root: int, proc: Path = Path("/proc")) -> float | None:
    """MB that a process and all below it have in memory; None where the system does not tell."""
    parents: dict[int, int] = {}
    pages: dict[int, int] = {}
    for folder in proc.glob("[0-9]*"):
        try:
            # The name may hold anything, brackets too.
            fields = (folder / "stat").read_text(errors="replace").rpartition(")")[2].split()
            pages[int(folder.name)] = int((folder / "statm").read_text().split()[1])
            parents[int(folder.name)] = int(fields[1])
        except (OSError, IndexError, ValueError):
            continue  # it has just ended
    family = {root} & set(parents)
    while more := {pid for pid, parent in parents.items() if parent in family} - family:
        family |= more
    if not family:
        return None
    return round(sum(pages[pid] for pid in family) * os.sysconf("SC_PAGE_SIZE") / 1e6, 1)


def _search_path() -> str:
    """The sources beside this file, before what is installed."""
    return os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))


PROBE = """
import json
from deepcam import __version__
from deepcam.generator.session import LADDER, NetworkSession
from deepcam.models.store import path_of
import onnxruntime
one = NetworkSession(path_of("generator_small.onnx"), "{provider}")
print(json.dumps({{
    "provider": one.provider, "session": one._session.get_providers(),
    "reasons": {{a.provider: a.reason for a in one.attempts}},
    "onnxruntime": onnxruntime.__version__, "version": __version__,
}}))
"""

FILM = """
from pathlib import Path
from deepcam.showcase.bench import write_film
write_film(Path({path!r}), {size!r}, {faces}, {frames})
"""


@dataclass
class Trial:
    """One go. ``allow_cpu``: without a card it goes on with ``REHEARSAL``."""

    python: str
    folder: Path
    minutes: float = 10.0
    allow_cpu: bool = False
    runner: Runner = run
    look: Callable[[], dict[str, str] | None] = card
    clock: Callable[[], float] = time.monotonic
    say: Callable[[str], None] = print
    result: dict[str, Any] = field(default_factory=dict)

    def go(self) -> dict[str, Any]:
        """Everything. Raises ``CardError``; what was measured before is written in any case."""
        self._end = self.clock() + 60 * self.minutes - SPARE
        found = self.look()
        if found is None and not self.allow_cpu:
            raise CardError(
                "No NVIDIA card was found (nvidia-smi does not answer).",
                "Try a machine with one, or rehearse on the processor: --allow-cpu",
            )
        self.rehearsal = found is None
        self.plan = REHEARSAL if self.rehearsal else Plan()
        self.provider = "cpu" if self.rehearsal else "cuda"
        if self.rehearsal:
            self.say("There is no card: this is a rehearsal on the processor, short and small.")
        self.folder.mkdir(parents=True, exist_ok=True)
        self.result.update(
            rehearsal=self.rehearsal,
            date=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
            machine={
                "system": f"{platform.system()} {platform.release()} {platform.machine()}",
                "processor": _processor(),
                "cores": len(os.sched_getaffinity(0))
                if hasattr(os, "sched_getaffinity")
                else os.cpu_count(),
                "python": platform.python_version(),
            },
            card=found,
            rows=[],
            problems=[],
        )
        self.result["program"] = self._prepare()
        films = self._films()
        for size in self.plan.sizes:
            for faces in FACES:
                film = films.get((size, faces))
                if film is not None:
                    self._measure(film, size, faces)
        self._write()
        if not self.result["rows"]:
            raise CardError("Nothing could be measured.", "See the problems in card.json.")
        return self.result

    def _prepare(self) -> dict[str, Any]:
        """The provider that really runs the network, after CUDA's libraries were installed if
        need be."""
        program = self._probe()
        if program["provider"] != self.provider:
            self.say(f"Installing CUDA's libraries: {LIBRARIES}")
            # Of the version that is there: another one may want another CUDA.
            wanted = f"{LIBRARIES}=={program['onnxruntime']}"
            done = self._run([self.python, "-m", "pip", "install", "-q", wanted])
            if done.code:
                raise CardError(
                    f"CUDA's libraries could not be installed ({_last(done)}).",
                    f"Install them by hand: {self.python} -m pip install '{wanted}'",
                )
            program = self._probe()
        if program["provider"] != self.provider:
            why = program["reasons"].get(self.provider, "no reason was given")
            raise CardError(
                f"The network runs on {program['provider']}, not on the card ({why}).",
                "Mend that first: what is measured now would be the processor's.",
            )
        self.say(f"Provider read back: {program['session'][0]}")
        return program

    def _probe(self) -> dict[str, Any]:
        done = self._run([self.python, "-c", PROBE.format(provider=self.provider)])
        found = _json(done)
        if found is None:
            raise CardError(
                f"DeepPrivacy Cam does not start in {self.python} ({_last(done)}).",
                "Give an environment in which it is installed: --python PYTHON",
            )
        return found

    def _films(self) -> dict[tuple[tuple[int, int], int], Path]:
        films = {}
        for size in self.plan.sizes:
            for faces in FACES:
                path = self.folder / f"{faces}-{size[0]}x{size[1]}.avi"
                if not path.is_file():
                    self.say(f"Rendering {path.name}")
                    code = FILM.format(
                        path=str(path), size=size, faces=faces, frames=self.plan.film
                    )
                    done = self._run([self.python, "-c", code])
                    if done.code:
                        path.unlink(missing_ok=True)
                        self._problem(f"The film {path.name} was not made ({_last(done)}).")
                        continue
                films[size, faces] = path
        return films

    def _measure(self, film: Path, size: tuple[int, int], faces: int) -> None:
        text = "{}x{}".format(*size)
        for network in NETWORKS:
            arguments = [
                "bench", "--source", str(film), "--network", network, "--provider", self.provider,
                "--frames", str(self.plan.frames), "--json",
            ]  # fmt: skip
            done, found = self._deepcam(arguments, 20)
            if found is not None:
                whole = found["runs"][0]
                row = {
                    "network": found["network"], "provider": found["provider"], "size": text,
                    "faces": faces, "frames/s": whole["fps"], "p50 ms": whole["total"]["p50"],
                    "p95 ms": whole["total"]["p95"], "memory MB": found["peak_memory_mb"],
                }  # fmt: skip
                self._row(arguments, row, done, found)
        arguments = [
            "run", "--source", str(film), "--loop", "--output", "null", "--size", text,
            "--provider", self.provider, "--seconds", str(self.plan.seconds), "--json",
        ]  # fmt: skip
        done, found = self._deepcam(arguments, self.plan.seconds + 20)
        if found is not None:
            measured = found["measured"]
            latency = measured["latency_ms"] or {}
            row = {
                "network": found["network"], "provider": found["provider"], "size": text,
                "faces": faces, "frames/s": measured["fps_fresh_mean"],
                "p50 ms": latency.get("p50"), "p95 ms": latency.get("p95"),
                # What the program says of itself is after its worker has ended.
                "memory MB": done.memory_mb,
            }  # fmt: skip
            self._row(arguments, row, done, found)

    def _deepcam(
        self, arguments: Sequence[str], needs: float
    ) -> tuple[Done, dict[str, Any] | None]:
        """Run the program and read its JSON; ``needs``: seconds that must be left."""
        title = " ".join(["deepcam", *arguments])
        if self._end - self.clock() < needs:
            self._problem(f"There was no time left for: {title}")
            return Done(-1, "", "", 0.0), None
        self.say(title)
        done = self._run([self.python, "-m", "deepcam.cli", *arguments])
        found = _json(done)
        if found is None:
            self._problem(f"{title} failed ({_last(done)}).")
        elif found.get("provider", "") == "":
            self._problem(f"{title} had not begun to paint when its time was over.")
        elif found["provider"] != self.provider:
            # Out of memory, or a lost device: the program goes on without the card and says so.
            reason = found.get("provider_reason") or "no reason was given"
            self._problem(f"{title} ran on {found.get('provider')}: {reason}")
        return done, found

    def _row(
        self, arguments: Sequence[str], row: dict[str, Any], done: Done, found: dict[str, Any]
    ) -> None:
        short = [Path(part).name if part.endswith(".avi") else part for part in arguments]
        self.result["rows"].append(
            {
                "command": " ".join(["deepcam", *short]),
                **row,
                "card MB": done.card_mb,
                "seconds": round(done.seconds, 1),
                "answer": found,
            }
        )
        self._write()

    def _run(self, command: Sequence[str]) -> Done:
        return self.runner(command, max(1.0, min(PATIENCE, self._end - self.clock())))

    def _problem(self, sentence: str) -> None:
        self.say(sentence)
        self.result["problems"].append(sentence)
        self._write()

    def _write(self) -> None:
        for name, text in (
            ("card.json", json.dumps(self.result, indent=1, default=str) + "\n"),
            ("card.md", table(self.result)),
        ):
            part = self.folder / f".{name}.part"
            part.write_text(text, encoding="utf-8")
            os.replace(part, self.folder / name)


def table(result: dict[str, Any]) -> str:
    """The results in Markdown."""
    machine, found = result["machine"], result["card"]
    if result["rehearsal"]:
        title = "# Rehearsal without a graphics card"
        about = "**There was no card: every figure here is the processor's, of short runs.**"
    else:
        title = f"# {found['name']}"
        about = f"{found['name']}, {found['memory.total']} MB, driver {found['driver_version']}."
    program = result.get("program") or {}
    lines = [
        title, "", about,
        f"{machine['processor']}, {machine['cores']} cores, {machine['system']}, "
        f"Python {machine['python']}. DeepPrivacy Cam {program.get('version', '?')}, "
        f"onnxruntime {program.get('onnxruntime', '?')}. {result['date']}.",
        "", "`bench`: all stages of a picture one after the other. `run`: the live path; frames "
        "are new ones a second in the mean, start-up included, milliseconds from capture to "
        "output.",
        "", "| " + " | ".join(COLUMNS) + " |", "|" + "---|" * len(COLUMNS),
    ]  # fmt: skip
    for row in result["rows"]:
        cells = [f"`{row['command']}`", *(row[name] for name in COLUMNS[1:])]
        lines.append("| " + " | ".join("" if c is None else str(c) for c in cells) + " |")
    if result["problems"]:
        lines += ["", "What did not work:", *(f"* {line}" for line in result["problems"])]
    return "\n".join(lines) + "\n"


def _processor() -> str:
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
        line = next(line for line in text.splitlines() if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or "unknown processor"
    return line.partition(":")[2].strip()


def _json(done: Done) -> dict[str, Any] | None:
    """The JSON that a command wrote; None when it failed."""
    if done.code:
        return None
    begin = done.out.find("{")
    try:
        found = json.loads(done.out[begin:]) if begin >= 0 else None
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _last(done: Done) -> str:
    """The last line that a command said, or its exit code."""
    lines = [line.strip() for line in (done.err or done.out).splitlines() if line.strip()]
    return lines[-1][:200] if lines else f"exit code {done.code}"


def main(arguments: Sequence[str] | None = None) -> int:
    """As typed; the exit code."""
    parser = argparse.ArgumentParser(
        description="Measure DeepPrivacy Cam on a graphics card, in one go."
    )
    parser.add_argument("--python", default=sys.executable, help="of the environment to use")
    parser.add_argument("--output", type=Path, default=Path("build/card"), help="a folder")
    parser.add_argument("--minutes", type=float, default=10.0, help="for all of it")
    parser.add_argument(
        "--allow-cpu", action="store_true", help="without a card, a short rehearsal"
    )
    wanted = parser.parse_args(arguments)
    trial = Trial(wanted.python, wanted.output, wanted.minutes, wanted.allow_cpu)
    try:
        trial.go()
    except CardError as error:
        print(f"{error.args[0]}\n{error.args[1]}", file=sys.stderr)
        return 1
    print(f"Written: {wanted.output / 'card.json'} and {wanted.output / 'card.md'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
