"""Resolves the dependencies of pyproject.toml into requirements/*.txt, every file with its hash."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HEADER = "# Written by `make lock` from pyproject.toml; do not edit. {what}\n"


def main() -> None:
    """Write requirements/demo.txt and requirements/test.txt."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    # editables: what hatchling needs for an editable install without build isolation.
    runtime = [
        "editables",
        *project["project"]["dependencies"],
        *project["project"]["optional-dependencies"]["demo"],
        *project["build-system"]["requires"],
    ]
    groups = project["dependency-groups"]
    write("demo.txt", runtime, "What the program and its demo need.")
    write("test.txt", [*runtime, *groups["test"], *groups["quality"]], "The program, its tests and its linters.")


def write(name: str, wanted: list[str], what: str) -> None:
    """Resolve one list."""
    target = ROOT / "requirements" / name
    command = [
        sys.executable, "-m", "piptools", "compile", "--quiet", "--generate-hashes", "--no-header", "--no-emit-index-url", "--allow-unsafe",
        "--no-emit-find-links", "--no-emit-trusted-host", "--no-annotate", "--strip-extras", "--output-file", str(target), "-",
    ]  # fmt: skip
    subprocess.run(command, input="\n".join(wanted), text=True, check=True, cwd=ROOT)  # noqa: S603 - our own arguments
    target.write_text(HEADER.format(what=what) + target.read_text("utf-8"), "utf-8")


if __name__ == "__main__":
    main()
