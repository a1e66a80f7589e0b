"""What the packages are made of: texts that must agree with the program and be valid."""

from __future__ import annotations

import configparser
import hashlib
import importlib.util
import re
import shutil
import subprocess
import sys
import tomllib
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from types import ModuleType

import pytest
from places import ROOT

from deepcam import APP_NAME, __version__
from deepcam.platform import options, rootjob
from deepcam.platform.desktop_entry import APP_ID
from deepcam.platform.options import Entry
from deepcam.platform.system import System

PACKAGING = ROOT / "packaging"
LINUX = PACKAGING / "linux"


def _release() -> ModuleType:
    spec = importlib.util.spec_from_file_location("release", PACKAGING / "release.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _tool(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed")
    return found


def test_the_desktop_entry_is_valid_and_ours() -> None:
    path = LINUX / f"{APP_ID}.desktop"
    parser = configparser.ConfigParser(interpolation=None)
    parser.optionxform = str  # type: ignore[assignment, method-assign]
    parser.read(path)
    entry = parser["Desktop Entry"]
    assert (entry["Name"], entry["Icon"], entry["StartupWMClass"]) == (APP_NAME, APP_ID, APP_ID)
    subprocess.run([_tool("desktop-file-validate"), path], check=True)


def test_the_appstream_data_is_valid() -> None:
    subprocess.run(
        [_tool("appstreamcli"), "validate", "--no-net", LINUX / f"{APP_ID}.metainfo.xml"],
        check=True,
    )


def test_versions_and_names_agree() -> None:
    tree = ElementTree.parse(LINUX / f"{APP_ID}.metainfo.xml")
    assert tree.findtext("id") == APP_ID
    assert tree.findtext("name") == APP_NAME
    assert tree.findtext("launchable") == f"{APP_ID}.desktop"
    releases = tree.findall("releases/release")
    assert releases[0].get("version") == __version__
    release = _release()
    assert release.version() == __version__
    assert release.notes((ROOT / "CHANGELOG.md").read_text(), __version__)


def test_the_bundle_holds_what_the_program_needs() -> None:
    """Whoever adds a dependency must add it to the bundle."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    name = re.compile(r"[A-Za-z0-9_.-]+")
    wanted = {
        found[0].lower()
        for text in [*project["dependencies"], *project["optional-dependencies"]["app"]]
        if (found := name.match(text))
    }
    listed = {
        found[0].lower()
        for line in (PACKAGING / "bundle" / "requirements.txt").read_text().splitlines()
        if (found := name.match(line))
    }
    # Installed by build.sh: mediapipe without its dependencies, one of the two runtimes.
    assert wanted - listed <= {"mediapipe", "onnxruntime", "onnxruntime-gpu"}
    assert not listed & {"torch", "jax", "matplotlib", "scipy"}


@pytest.mark.parametrize("name", ["deepcam.spec", "start.py", "runtime.py"])
def test_the_recipe_is_python(name: str) -> None:
    compile((PACKAGING / "bundle" / name).read_text(), name, "exec")


@pytest.mark.parametrize("name", ["bundle/build.sh", "deb/build.sh", "check.sh"])
def test_the_build_scripts_are_bash(name: str) -> None:
    subprocess.run([_tool("bash"), "-n", PACKAGING / name], check=True)


@pytest.mark.parametrize("name", ["postinst", "prerm", "postrm"])
def test_the_maintainer_scripts_are_plain_shell(name: str) -> None:
    subprocess.run([_tool("sh"), "-n", PACKAGING / "deb" / name], check=True)


def test_the_packaged_module_settings_leave_set_up_nothing_to_write(tmp_path: Path) -> None:
    """``deepcam setup`` reads them as its own: the same device, loaded at boot."""
    for kind, text in (("modprobe.d", "modprobe.conf"), ("modules-load.d", "modules-load.conf")):
        folder = tmp_path / "usr" / "lib" / kind
        folder.mkdir(parents=True)
        shutil.copy(LINUX / text, folder / "deepprivacy-cam.conf")
    system = System(root=tmp_path)
    assert options.configured(system) == [Entry(10, APP_NAME, True)]
    assert options.loads_at_boot(system)


def test_purging_removes_what_set_up_wrote(tmp_path: Path) -> None:
    script = (PACKAGING / "deb" / "postrm").read_text()
    for name in rootjob.FILES:
        assert f"/{name}" in script
        path = tmp_path / name
        path.parent.mkdir(parents=True)
        path.write_text(f"{rootjob.MARKER}\n")
    strange = tmp_path / rootjob.FILES[0]
    strange.write_text("# by hand\nv4l2loopback\n")
    (tmp_path / "usr" / "lib" / "deepprivacy-cam" / "_internal").mkdir(parents=True)
    # Nothing of the machine is asked: no helper of systemd is on this path.
    tools = tmp_path / "tools"
    tools.mkdir()
    for tool in ("sh", "head", "grep", "rm"):
        (tools / tool).symlink_to(_tool(tool))
    subprocess.run(
        [tools / "sh", "-c", script, "postrm", "purge"],
        check=True,
        env={"PATH": str(tools), "DPKG_ROOT": str(tmp_path)},
    )
    assert strange.exists()
    assert not (tmp_path / rootjob.FILES[1]).exists()
    assert not (tmp_path / "usr" / "lib" / "deepprivacy-cam").exists()


def _tree(root: Path) -> set[str]:
    """Names of the files and links below ``root``, without dpkg's own."""
    return {
        str(path.relative_to(root))
        for path in root.rglob("*")
        if (path.is_symlink() or not path.is_dir()) and "var/lib/dpkg" not in str(path)
    }


def test_the_debian_package_installs_and_goes_without_a_trace(tmp_path: Path) -> None:
    """Real package, real dpkg, in a root of its own; the program in it is a stand-in."""
    for tool in ("bash", "dpkg-deb", "dpkg", "gzip", "sed"):
        _tool(tool)
    bundle, dist, root = tmp_path / "bundle", tmp_path / "dist", tmp_path / "root"
    (bundle / "_internal").mkdir(parents=True)
    (bundle / "deepcam").write_text("#!/bin/sh\necho stand-in\n")
    (bundle / "deepcam").chmod(0o755)
    subprocess.run(
        [PACKAGING / "deb" / "build.sh", bundle, dist], check=True, stdout=subprocess.DEVNULL
    )
    (package,) = dist.iterdir()  # and no unpacked folder beside it
    fields = subprocess.run(
        ["dpkg-deb", "--field", package], check=True, capture_output=True, text=True
    ).stdout
    assert f"\nVersion: {__version__}\n" in fields
    assert "@" not in fields.replace("@users.noreply", "")
    owners = subprocess.run(
        ["dpkg-deb", "--contents", package], check=True, capture_output=True, text=True
    ).stdout.splitlines()
    assert {line.split()[1] for line in owners} == {"root/root"}
    assert not [line for line in owners if line[0] != "l" and "w" in line[4:10]]

    (root / "var" / "lib" / "dpkg" / "updates").mkdir(parents=True)
    (root / "var" / "lib" / "dpkg" / "info").mkdir()
    (root / "var" / "lib" / "dpkg" / "status").touch()

    def dpkg(*arguments: str | Path) -> None:
        done = subprocess.run(
            ["dpkg", f"--root={root}", f"--log={tmp_path / 'log'}", "--force-not-root",
             "--force-depends", "--force-script-chrootless", "--force-bad-path", *arguments],
            capture_output=True, text=True,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr

    dpkg("--install", package)
    installed = _tree(root)
    assert {
        "usr/lib/deepprivacy-cam/deepcam",
        "usr/bin/deepcam",
        f"usr/share/applications/{APP_ID}.desktop",
        f"usr/share/metainfo/{APP_ID}.metainfo.xml",
        f"usr/share/icons/hicolor/scalable/apps/{APP_ID}.svg",
        "usr/lib/systemd/user/deepprivacy-cam.service",
        "usr/lib/modprobe.d/deepprivacy-cam.conf",
        "usr/lib/modules-load.d/deepprivacy-cam.conf",
        "usr/share/doc/deepprivacy-cam/copyright",
    } <= installed
    assert (root / "usr/bin/deepcam").readlink() == Path("../lib/deepprivacy-cam/deepcam")
    written = root / rootjob.FILES[0]
    written.parent.mkdir(parents=True)
    written.write_text(f"{rootjob.MARKER}\n")
    compiled = root / "usr/lib/deepprivacy-cam/_internal/left.pyc"
    compiled.touch()
    dpkg("--remove", "deepprivacy-cam")
    assert written.exists()  # it is the administrator's until the package is purged
    dpkg("--purge", "deepprivacy-cam")
    assert _tree(root) == set()


def test_the_unit_is_valid(tmp_path: Path) -> None:
    unit = tmp_path / "deepprivacy-cam.service"
    text = (LINUX / unit.name).read_text()
    # Nobody has asked for a picture at login.
    assert "ExecStart=/usr/bin/deepcam run --asleep\n" in text
    # The program is not installed here.
    unit.write_text(text.replace("/usr/bin/deepcam", "/bin/true"))
    done = subprocess.run(
        [_tool("systemd-analyze"), "verify", "--user", "--man=no", unit],
        capture_output=True,
        text=True,
        env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "XDG_RUNTIME_DIR": str(tmp_path)},
    )
    complaints = [line for line in done.stderr.splitlines() if unit.name in line]
    assert done.returncode == 0, done.stderr
    assert not complaints


def test_checksums_are_as_sha256sum_reads_them(tmp_path: Path) -> None:
    (tmp_path / "a.whl").write_bytes(b"one")
    (tmp_path / "b.deb").write_bytes(b"two")
    (tmp_path / "other.txt").write_bytes(b"three")
    release = _release()
    lines = release.checksums(release.artefacts(tmp_path)).splitlines()
    digests = [hashlib.sha256(text).hexdigest() for text in (b"one", b"two")]
    assert lines == [f"{digests[0]}  a.whl", f"{digests[1]}  b.deb"]


def test_the_sbom_names_what_is_shipped_and_nothing_else() -> None:
    listed = [
        {"bom-ref": "d", "name": "deepprivacy-cam", "version": "1", "externalReferences": [1]},
        {"bom-ref": "n", "name": "numpy", "version": "1.26.4"},
        {"bom-ref": "p", "name": "pyinstaller", "version": "6"},
    ]
    bom = {
        "metadata": {},
        "components": listed,
        "dependencies": [{"ref": "d", "dependsOn": ["n", "p"]}, {"ref": "p"}],
    }
    models = [{"file": "net.onnx", "sha256": "ab", "provenance": "trained by this project"}]
    made = _release().complete(bom, "3.11.7", models)
    assert [c["name"] for c in made["components"]] == ["numpy", "CPython", "net.onnx"]
    assert made["metadata"]["component"]["name"] == "deepprivacy-cam"
    assert "externalReferences" not in made["metadata"]["component"]
    assert made["dependencies"] == [{"ref": "d", "dependsOn": ["n"]}]


def test_a_version_without_notes_is_refused() -> None:
    with pytest.raises(SystemExit, match="has no section"):
        _release().notes("# Changelog\n\n## 0.1.0\n* first\n", "9.9")


def test_the_bundle_starts_mediapipe_without_its_heavy_half(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What ``runtime.py`` does, in a process of its own."""
    found = importlib.util.find_spec("mediapipe")
    if found is None or found.origin is None:
        pytest.skip("mediapipe is not installed")
    folder = Path(found.origin).parent
    if not (folder / "python").is_dir():
        pytest.skip("this mediapipe has no graphs; the bundle is made with 0.10.21")
    program = (
        "import sys\n"
        f"sys._MEIPASS = {str(folder.parent)!r}\n"
        f"exec(open({str(PACKAGING / 'bundle' / 'runtime.py')!r}).read())\n"
        "from mediapipe.python import packet_creator\n"
        "print(sorted({'matplotlib', 'jax', 'mediapipe.tasks.python'} & set(sys.modules)))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
