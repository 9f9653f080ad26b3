"""The generated documentation is the catalogue's."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def test_generated_docs_are_up_to_date() -> None:
    """`make docs` would change nothing."""
    done = subprocess.run(
        [sys.executable, "scripts/generate_docs.py", "--check"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"run `make docs`; stale: {done.stdout}{done.stderr}"


def test_every_command_is_in_the_readme() -> None:
    """A person finds each command in README.md."""
    from wizard.cli import COMMANDS

    readme = (ROOT / "README.md").read_text("utf-8")
    assert [name for name in COMMANDS if f"sendready {name}" not in readme] == []


def test_severity_page_names_every_status() -> None:
    """docs/severity.md defines each status once."""
    from checks.model import Status

    page = (ROOT / "docs" / "severity.md").read_text("utf-8")
    assert [status for status in Status if page.count(f"| `{status}` |") != 1] == []
