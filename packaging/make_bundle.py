"""Builds a self-contained application for the system that it runs on: ``python packaging/make_bundle.py OUT``.

It needs an environment in which ATM Viewer and PyInstaller are installed and nothing else, since what is installed may
end up in the bundle. The result is a tarball on Linux, a disk image on macOS, and an installer on Windows (with Inno
Setup's ``iscc`` on the path; without it, a zip file).
"""

from __future__ import annotations

import platform
import shutil
import subprocess
import sys
import tarfile
import tempfile
from importlib.metadata import version
from pathlib import Path

HERE = Path(__file__).resolve().parent


def freeze(work: Path) -> Path:
    """Have PyInstaller collect everything; the folder with the program."""
    import PyInstaller.__main__

    PyInstaller.__main__.run(
        [str(HERE / "atm-viewer.spec"), "--noconfirm", f"--distpath={work / 'dist'}", f"--workpath={work / 'build'}"]
    )
    return work / "dist"


def pack(dist: Path, out: Path) -> Path:
    """Make the one file that people download."""
    out.mkdir(parents=True, exist_ok=True)
    name = f"atm-viewer-{version('atm-viewer')}-{platform.system().lower()}-{platform.machine().lower()}"
    if sys.platform == "darwin":
        image = out / f"{name}.dmg"
        app = dist / "ATM Viewer.app"
        create = ["hdiutil", "create", "-volname", "ATM Viewer", "-srcfolder", str(app), "-ov", "-format", "UDZO"]
        subprocess.run([*create, str(image)], check=True)
        return image
    if sys.platform == "win32":
        if shutil.which("iscc"):
            options = [f"/DVERSION={version('atm-viewer')}", f"/DSOURCE={dist / 'atm-viewer'}", f"/O{out}", f"/F{name}"]
            subprocess.run(["iscc", *options, str(HERE / "windows.iss")], check=True)
            return out / f"{name}.exe"
        return Path(shutil.make_archive(str(out / name), "zip", dist, "atm-viewer"))
    folder = dist / "atm-viewer"
    for file in ("install", "atm-viewer.desktop", "atm-viewer.xml"):
        shutil.copy(HERE / file, folder)
    shutil.copy(HERE.parent / "resources" / "icons" / "atm-viewer.svg", folder)
    archive = out / f"{name}.tar.gz"
    with tarfile.open(archive, "w:gz", compresslevel=6) as tar:
        tar.add(folder, arcname=name)
    return archive


def main(out: Path) -> int:
    """Build the bundle and say how large it is."""
    with tempfile.TemporaryDirectory() as work:
        dist = freeze(Path(work))
        size = sum(path.stat().st_size for path in dist.rglob("*") if path.is_file() and not path.is_symlink())
        made = pack(dist, out)
    print(f"{made}: {made.stat().st_size / 1e6:.0f} MB, {size / 1e6:.0f} MB installed")
    return 0


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(f"usage: {sys.argv[0]} OUT")
    sys.exit(main(Path(sys.argv[1]).resolve()))
