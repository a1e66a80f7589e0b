"""What goes with a release, from what lies in ``dist``: an SBOM, checksums and notes.

python packaging/release.py sbom [--python PYTHON]   dist/sbom.cdx.json
python packaging/release.py notes                    dist/RELEASE_NOTES.md and dist/SHA256SUMS

The SBOM is CycloneDX JSON, made by cyclonedx-bom out of the environment that the bundle is built
from, without what only builds it, and with Python itself and the shipped models.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
DIST = ROOT / "dist"
BUNDLE_PYTHON = ROOT / "build" / "bundle-venv" / "bin" / "python"
BUILDERS = frozenset(
    {"pyinstaller", "pyinstaller-hooks-contrib", "altgraph", "pip", "setuptools", "packaging"}
)
"""In the environment, but not in the bundle."""
ARTEFACTS = ("*.whl", "*.deb", "*.tar.xz", "*.zip", "*.flatpak", "sbom.cdx.json")


def version() -> str:
    """The program's version, without importing it."""
    text = (ROOT / "deepcam" / "__init__.py").read_text()
    found = re.search(r'^__version__ = "(.+)"$', text, re.MULTILINE)
    if found is None:
        raise SystemExit("deepcam/__init__.py names no version.")
    return found[1]


def notes(changelog: str, number: str) -> str:
    """The section of the change log about a version. Raises ``SystemExit`` without one."""
    sections = re.split(r"^## ", changelog, flags=re.MULTILINE)[1:]
    for section in sections:
        title, _, text = section.partition("\n")
        if title.split()[0].strip("[]") == number:
            return text.strip() + "\n"
    raise SystemExit(f"CHANGELOG.md has no section about {number}: write one.")


def artefacts(folder: Path) -> list[Path]:
    """What is released, by name."""
    return sorted({path for pattern in ARTEFACTS for path in folder.glob(pattern)})


def checksums(files: list[Path]) -> str:
    """As ``sha256sum --check`` reads it."""
    lines = []
    for path in files:
        with path.open("rb") as handle:
            digest = hashlib.file_digest(handle, "sha256").hexdigest()
        lines.append(f"{digest}  {path.name}\n")
    return "".join(lines)


def complete(bom: dict[str, Any], python: str, models: list[dict[str, Any]]) -> dict[str, Any]:
    """The environment's list of components as a list of what is shipped."""
    gone = {c["bom-ref"] for c in bom["components"] if c["name"].lower() in BUILDERS}
    own = next((c for c in bom["components"] if c["name"] == "deepprivacy-cam"), None)
    if own is not None:
        # Its own files say "from the folder it was built in", which is nobody's business.
        own.pop("externalReferences", None)
        own["type"] = "application"
        gone.add(own["bom-ref"])
        bom["metadata"]["component"] = own
    bom["components"] = [c for c in bom["components"] if c["bom-ref"] not in gone]
    bom["components"].append(
        {
            "type": "platform",
            "bom-ref": "python",
            "name": "CPython",
            "version": python,
            "licenses": [{"license": {"id": "PSF-2.0"}}],
            "cpe": f"cpe:2.3:a:python:python:{python}:*:*:*:*:*:*:*",
        }
    )
    bom["components"] += [
        {
            "type": "machine-learning-model",
            "bom-ref": f"model:{entry['file']}",
            "name": entry["file"],
            "description": entry["provenance"],
            "hashes": [{"alg": "SHA-256", "content": entry["sha256"]}],
        }
        for entry in models
    ]
    known = {c["bom-ref"] for c in bom["components"]} | ({own["bom-ref"]} if own else set())
    bom["dependencies"] = [
        {"ref": d["ref"], "dependsOn": [r for r in d.get("dependsOn", []) if r in known]}
        for d in bom.get("dependencies", [])
        if d["ref"] in known
    ]
    return bom


def write(path: Path, text: str) -> None:
    """Whole or not at all."""
    part = path.with_name(f".{path.name}.part")
    part.parent.mkdir(parents=True, exist_ok=True)
    part.write_text(text)
    os.replace(part, path)
    print(path.relative_to(ROOT))


def _sbom(python: Path) -> None:
    if not python.exists():
        raise SystemExit(f"There is no {python}. Run: make bundle")
    command = [sys.executable, "-m", "cyclonedx_py", "environment", str(python)]
    done = subprocess.run(
        [*command, "--output-format", "JSON", "--output-reproducible"],
        capture_output=True,
        text=True,
    )
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise SystemExit(f"cyclonedx-bom failed ({last}). Install it: pip install cyclonedx-bom")
    asked = [str(python), "-c", "import platform; print(platform.python_version())"]
    number = subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip()
    models = json.loads((ROOT / "models" / "MANIFEST.json").read_text())["files"]
    bom = complete(json.loads(done.stdout), number, models)
    text = json.dumps(bom, indent=1) + "\n"
    _validate(text, str(bom["specVersion"]))
    write(DIST / "sbom.cdx.json", text)


def _validate(text: str, number: str) -> None:
    """Against CycloneDX's schema: it was changed after cyclonedx-bom had looked at it."""
    from cyclonedx.schema import SchemaVersion
    from cyclonedx.validation.json import JsonStrictValidator

    problem = JsonStrictValidator(SchemaVersion.from_version(number)).validate_str(text)
    if problem is not None:
        raise SystemExit(f"The SBOM is not valid CycloneDX {number}: {problem}")


def _notes() -> None:
    files = artefacts(DIST)
    if not files:
        raise SystemExit("There is nothing in dist. Run: make wheel deb")
    for kind in ("*.whl", "*.deb"):
        several = [path.name for path in files if path.match(kind)]
        if len(several) > 1:
            raise SystemExit(f"dist holds {' and '.join(several)}. Remove what is not released.")
    text = notes((ROOT / "CHANGELOG.md").read_text(), version())
    sums = checksums(files)
    rows = [f"| {path.name} | {path.stat().st_size / 1e6:.1f} MB |\n" for path in files]
    write(
        DIST / "RELEASE_NOTES.md",
        f"# DeepPrivacy Cam {version()}\n\n{text}\n## Files\n| file | size |\n|---|---|\n"
        f"{''.join(rows)}\nSHA-256 (`sha256sum --check SHA256SUMS`):\n```\n{sums}```\n",
    )
    write(DIST / "SHA256SUMS", sums)


def main() -> None:
    """See the module's text."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    commands = parser.add_subparsers(dest="command", required=True)
    sbom = commands.add_parser("sbom")
    sbom.add_argument("--python", type=Path, default=BUNDLE_PYTHON)
    commands.add_parser("notes")
    chosen = parser.parse_args()
    if chosen.command == "sbom":
        _sbom(chosen.python)
    else:
        _notes()


if __name__ == "__main__":
    main()
