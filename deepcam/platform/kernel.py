"""Whether the kernel can load v4l2loopback: module on the disk, DKMS, Secure Boot."""

from __future__ import annotations

import contextlib
import lzma
from dataclasses import dataclass
from pathlib import Path

from deepcam.platform.system import System

MODULE = "v4l2loopback"
SIGNED = b"~Module signature appended~\n"
SECURE_BOOT = "SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"
"""The firmware's variable: four bytes of attributes, then one that says on or off."""
KEYS = ("var/lib/dkms/mok.pub", "var/lib/shim-signed/mok/MOK.der", "etc/dkms/mok.pub")
"""Where distributions keep the key that DKMS signs modules with."""
LIMIT = 8 << 20


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Why the module cannot be loaded, and what to type."""

    kind: str
    """missing, headers, unbuilt or secure-boot"""
    reason: str
    command: str


def loaded(system: System) -> bool:
    """Whether the module is in the kernel."""
    return (system.sys / "module" / MODULE).is_dir()


def module_file(system: System) -> Path | None:
    """The module for the running kernel; None when there is none."""
    listed = system.modules / "modules.dep"
    with contextlib.suppress(OSError):
        for line in listed.read_text(errors="replace").splitlines():
            name = line.partition(":")[0]
            if Path(name).name.startswith(f"{MODULE}.ko"):
                return system.modules / name
    for place in ("updates", "extra", "extramodules", "kernel/drivers/media", "weak-updates"):
        found = sorted((system.modules / place).rglob(f"{MODULE}.ko*"))
        if found:
            return found[0]
    return None


def dkms_version(system: System) -> str:
    """Version of the module's source that DKMS would build; '' when there is none."""
    found = sorted((system.root / "usr" / "src").glob(f"{MODULE}-*/dkms.conf"))
    return found[-1].parent.name.removeprefix(f"{MODULE}-") if found else ""


def secure_boot(system: System) -> bool:
    """Whether the kernel takes signed modules only."""
    with contextlib.suppress(OSError):
        data = (system.sys / "firmware" / "efi" / "efivars" / SECURE_BOOT).read_bytes()
        if len(data) >= 5 and data[4] == 1:
            return True
    if system.text("sys", "module", "module", "parameters", "sig_enforce").strip() == "Y":
        return True
    lockdown = system.text("sys", "kernel", "security", "lockdown")
    return "[integrity]" in lockdown or "[confidentiality]" in lockdown


def signed(path: Path) -> bool | None:
    """Whether a module carries a signature; None when its packing cannot be read."""
    try:
        if path.suffix == ".ko":
            return path.read_bytes().endswith(SIGNED)
        if path.suffix == ".xz":
            with lzma.open(path) as handle:
                return handle.read(LIMIT).endswith(SIGNED)
    except (OSError, lzma.LZMAError):
        return None
    return None


def install_command(system: System) -> str:
    """What installs the module on this distribution."""
    family = system.distribution()
    if family & {"debian", "ubuntu"}:
        return f"sudo apt-get install v4l2loopback-dkms linux-headers-{system.release}"
    if "arch" in family:
        return "sudo pacman -S v4l2loopback-dkms linux-headers"
    if "fedora" in family:
        return "sudo dnf install akmod-v4l2loopback   # from RPM Fusion"
    if family & {"suse", "opensuse"}:
        return "sudo zypper install v4l2loopback-kmp-default"
    return "Install the package v4l2loopback-dkms with your package manager."


def installable(system: System, blocked: Obstacle) -> bool:
    """Whether root can mend this with the system's own packages and nothing else."""
    family = system.distribution()
    manager = (
        "apt-get" if family & {"debian", "ubuntu"}
        else "pacman" if "arch" in family
        else "zypper" if family & {"suse", "opensuse"}
        else ""
    )  # fmt: skip
    known = blocked.kind in ("missing", "headers", "unbuilt")
    return known and bool(manager) and bool(system.find(manager)) and not secure_boot(system)


def headers_command(system: System) -> str:
    """What installs the headers that DKMS builds against."""
    family = system.distribution()
    if family & {"debian", "ubuntu"}:
        return f"sudo apt-get install linux-headers-{system.release}"
    if "arch" in family:
        return "sudo pacman -S linux-headers"
    if "fedora" in family:
        return f"sudo dnf install kernel-devel-{system.release}"
    return f"Install the headers of kernel {system.release}."


def obstacle(system: System) -> Obstacle | None:
    """What keeps the module from being loaded; None when it is loaded or nothing is known."""
    if loaded(system):
        return None
    path = module_file(system)
    if path is None:
        return _absent(system)
    if secure_boot(system) and signed(path) is False:
        return Obstacle(
            "secure-boot",
            "Secure Boot is on and the module v4l2loopback carries no signature: the kernel "
            "refuses it.",
            _sign_command(system),
        )
    return None


def _absent(system: System) -> Obstacle:
    version = dkms_version(system)
    if not version:
        return Obstacle(
            "missing",
            f"The module v4l2loopback is not installed for kernel {system.release}.",
            install_command(system),
        )
    build = f"sudo dkms install {MODULE}/{version} -k {system.release}"
    if not (system.modules / "build").exists():
        return Obstacle(
            "headers",
            f"v4l2loopback {version} is not built for kernel {system.release}: "
            "the headers of that kernel are missing.",
            " && ".join(c for c in (headers_command(system), build) if c.startswith("sudo")),
        )
    log = f"/var/lib/dkms/{MODULE}/{version}/build/make.log"
    failed = system.root.joinpath(*log.split("/")).exists()
    why = f" The last attempt failed; see {log}." if failed else ""
    return Obstacle(
        "unbuilt",
        f"v4l2loopback {version} is installed, but DKMS has not built it for kernel "
        f"{system.release}.{why}",
        build,
    )


def _sign_command(system: System) -> str:
    """What signs the module again and lets the kernel accept it."""
    version = dkms_version(system)
    if not version:
        return enroll_command(system)
    again = f"sudo dkms install --force {MODULE}/{version} -k {system.release}"
    return f"{again} && {enroll_command(system)}"


def enroll_command(system: System) -> str:
    """What makes the firmware trust the key that modules are signed with."""
    key = next((k for k in KEYS if (system.root / k).exists()), KEYS[0])
    return f"sudo mokutil --import /{key}   # then restart and choose Enroll MOK"
