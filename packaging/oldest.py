"""Prints the oldest version of each dependency that ``pyproject.toml`` allows, as constraints for pip."""

import re
import tomllib
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1] / "pyproject.toml"


def constraints(text: str) -> list[str]:
    """Make ``name==version`` of each ``name>=version`` among the dependencies of the program."""
    dependencies = tomllib.loads(text)["project"]["dependencies"]
    oldest = [
        f"{name}=={oldest}" for line in dependencies for name, oldest in re.findall(r"^([\w-]+)>=([\d.]+)$", line)
    ]
    # PyQt6 takes any later Qt, but works with that of its very version alone.
    qt = next(line.removeprefix("PyQt6==") for line in oldest if line.startswith("PyQt6=="))
    return [*oldest, f"PyQt6-Qt6=={qt}.0"]


if __name__ == "__main__":
    print("\n".join(constraints(PROJECT.read_text(encoding="utf-8"))))
