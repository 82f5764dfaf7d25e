"""A bootable Debian disk image from packages alone: no loop device, no download of an image.

The image is what a cloud's would be (cloud kernel, cloud-init, sshd) and knows nothing of this
project; everything else comes through cloud-init.yaml and the playbook. It is built once and kept:
machines start from an overlay.
"""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from bench.core.process import run_tool
from vmtest.problems import VmError

SUITE = "bookworm"
MIRROR = "http://deb.debian.org/debian"
PACKAGES = (
    "systemd", "systemd-sysv", "dbus", "udev", "procps", "kmod", "iproute2", "zstd",
    "linux-image-cloud-amd64", "initramfs-tools", "grub-pc-bin", "grub2-common",
    "cloud-init", "openssh-server", "sudo", "ca-certificates", "python3", "python3-apt",
    "e2fsprogs", "locales",  # cloud-init ends in an error without them
)  # fmt: skip
DISK_GB = 8
_RECIPE = 2  # raised when the steps below change
_FIRST_SECTOR = 2048
_SECTOR = 512
_ROOT_ID = "6a1c5a3e-7c1f-4a53-9d0f-62656e636821"
# Debian's packages that hold the tools.
TOOLS = {
    "mmdebstrap": "mmdebstrap",
    "mkfs.ext4": "e2fsprogs",
    "sfdisk": "fdisk",
    "grub-mkimage": "grub-common grub-pc-bin",
    "qemu-img": "qemu-utils",
    "qemu-system-x86_64": "qemu-system-x86 seabios",
    "genisoimage": "genisoimage",
    "ssh": "openssh-client",
    "git": "git",
}

# Networking by systemd-networkd: QEMU's user network has its name server at 10.0.2.3.
_FILES = {
    "etc/systemd/network/20-wired.network": "[Match]\nName=en* eth*\n[Network]\nDHCP=ipv4\n",
    "etc/cloud/cloud.cfg.d/90-image.cfg": (
        "network: {config: disabled}\n"
        "datasource_list: [NoCloud]\n"
        "apt: {preserve_sources_list: true}\n"
    ),
    "etc/apt/apt.conf.d/90-image": 'Acquire::Languages "none";\n',
    "etc/resolv.conf": "nameserver 10.0.2.3\n",
    "etc/hosts": "127.0.0.1 localhost\n",
    "etc/fstab": f"UUID={_ROOT_ID} / ext4 errors=remount-ro,noatime 0 1\n",
    "etc/default/grub": (
        "GRUB_DEFAULT=0\nGRUB_TIMEOUT=0\nGRUB_DISTRIBUTOR=Debian\n"
        'GRUB_CMDLINE_LINUX_DEFAULT=""\n'
        'GRUB_CMDLINE_LINUX="console=ttyS0,115200"\nGRUB_TERMINAL=serial\n'
    ),
    "boot/grub/grub.cfg": (
        "set timeout=0\n"
        "insmod part_msdos\ninsmod ext2\nset root=(hd0,msdos1)\n"
        f"linux /vmlinuz root=UUID={_ROOT_ID} ro console=ttyS0,115200\ninitrd /initrd.img\nboot\n"
    ),
}


@dataclass(frozen=True)
class Image:
    """A raw disk image that is never written to again."""

    path: Path


def missing_tools() -> list[str]:
    """Debian's packages that have to be installed first, in a fixed order."""
    missing = [package for tool, package in TOOLS.items() if shutil.which(tool) is None]
    if not Path("/usr/lib/grub/i386-pc/boot.img").is_file():
        missing.append("grub-pc-bin")
    return sorted({word for package in missing for word in package.split()})


def image_for(cache: Path) -> Image:
    """The image in the cache, built when there is none of this recipe."""
    recipe = repr(
        (_RECIPE, SUITE, MIRROR, PACKAGES, DISK_GB, sorted(_FILES.items()), _authorities())
    )
    digest = hashlib.sha256(recipe.encode()).hexdigest()[:12]
    path = cache / f"{SUITE}-{digest}.img"
    if not path.is_file():
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache, prefix="build-") as folder:
            _build(Path(folder)).rename(path)
    return Image(path)


def _build(folder: Path) -> Path:
    root = folder / "root"
    packages = ",".join(PACKAGES)
    _tool(
        "mmdebstrap", "--mode=root", "--variant=apt", f"--include={packages}",
        "--skip=cleanup/apt/lists",  # a minute of an emulated machine's time
        '--aptopt=APT::Install-Recommends "false"', SUITE, root, MIRROR,
    )  # fmt: skip
    _finish(root)
    disk = folder / "disk.img"
    with disk.open("wb") as file:
        file.truncate(DISK_GB * 1024**3)
    _partition(disk, folder)
    _boot_loader(disk, root, folder)
    return disk


def _finish(root: Path) -> None:
    """What a debootstrapped tree lacks to be a machine."""
    for name, text in _FILES.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)  # resolv.conf may be a link to the host's
        path.write_text(text, encoding="utf-8")
    shutil.copytree("/usr/lib/grub/i386-pc", root / "boot/grub/i386-pc", dirs_exist_ok=True)
    for certificate in _authorities():
        target = root / "usr/local/share/ca-certificates/host" / f"{certificate.stem}.crt"
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(certificate, target)
    for command in (
        ["systemctl", "enable", "systemd-networkd", "ssh"],
        ["update-ca-certificates"],
        ["passwd", "--lock", "root"],
    ):
        _tool("chroot", root, *command)
    for key in root.glob("etc/ssh/ssh_host_*"):
        key.unlink()  # cloud-init makes each machine its own
    (root / "etc/machine-id").write_text("", encoding="utf-8")


def _authorities() -> list[Path]:
    """Certificate authorities this host trusts besides Debian's: a proxy's, for example."""
    known = Path("/usr/share/ca-certificates")
    ours = {path.resolve() for path in Path("/etc/ssl/certs").glob("*.pem")}
    return sorted(path for path in ours if path.is_file() and not path.is_relative_to(known))


def _partition(disk: Path, folder: Path) -> None:
    script = folder / "layout"
    script.write_text(f"label: dos\nstart={_FIRST_SECTOR}, type=83, bootable\n", encoding="utf-8")
    _tool("sh", "-c", 'sfdisk --quiet "$0" < "$1"', disk, script)
    blocks = (DISK_GB * 1024**3 - _FIRST_SECTOR * _SECTOR) // 4096
    _tool(
        "mkfs.ext4", "-q", "-F", "-U", _ROOT_ID, "-L", "root", "-b", "4096",
        "-E", f"offset={_FIRST_SECTOR * _SECTOR}", "-d", folder / "root", disk, str(blocks),
    )  # fmt: skip


def _boot_loader(disk: Path, root: Path, folder: Path) -> None:
    """GRUB's first stage before the partition table, its core in the gap behind it."""
    core = folder / "core.img"
    _tool(
        "grub-mkimage", "-O", "i386-pc", "-o", core, "-p", "(hd0,msdos1)/boot/grub",
        "biosdisk", "part_msdos", "ext2", "serial", "normal", "linux", "search",
        "search_fs_uuid", "configfile",
    )  # fmt: skip
    first = (root / "boot/grub/i386-pc/boot.img").read_bytes()[:440]
    with disk.open("r+b") as file:
        file.write(first)
        file.seek(_SECTOR)
        file.write(core.read_bytes())


def _tool(*command: str | Path) -> None:
    done = run_tool(command, timeout_s=1200)
    if not done.ok:
        raise VmError(f"the image could not be built: {done.describe()}\n{done.last_lines()}")
