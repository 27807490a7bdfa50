"""Files shipped with the application: icons, help pages, example recipes, cube parameters."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent

#: A checkout keeps the files beside the package, a wheel carries them inside of it.
_FOLDER = next((f for f in (_PACKAGE / "_resources", _PACKAGE.parent / "resources") if f.is_dir()), _PACKAGE)


def resource(name: str) -> Path:
    """Return the path of a shipped file or folder.

    Parameters
    ----------
    name : str
        Path below the resource folder, with forward slashes, such as ``cubepar/miri_cubepar.fits``.

    Returns
    -------
    Path
        Existing file or folder.

    Raises
    ------
    FileNotFoundError
        There is no such file: the name is wrong or the installation is incomplete.
    """
    path = _FOLDER / name
    if not path.exists():
        raise FileNotFoundError(f"The file {path} of ATM Viewer is missing; reinstall ATM Viewer.")
    return path
