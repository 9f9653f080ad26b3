"""Fetches the RFC 7208 test-suite again: the source distribution of pyspf carries it, with its licence notice.

Writes tests/vendor/rfc7208/: the three files as they are there, and suite.json, the same content in a form that the standard library reads
(tests/test_spf_suite.py uses that). Needs pip and, only here, PyYAML; run it with both at hand:

    python -m venv /tmp/fetch && /tmp/fetch/bin/pip install pyyaml && /tmp/fetch/bin/python scripts/fetch_spf_suite.py
"""

from __future__ import annotations

import hashlib
import importlib
import json
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Any

PACKAGE = "pyspf"
VERSION = "2.0.14"
SHA256 = "57a7ef01bda090173aafb6af0106251686ed73f03db4e911fcd34c57fc347186"  # of the source distribution
FILES = ("rfc7208-tests.yml", "rfc7208-tests.LICENSE", "rfc7208-tests.CHANGES")
TARGET = Path(__file__).resolve().parent.parent / "tests" / "vendor" / "rfc7208"


def main() -> None:
    """Write the vendored files."""
    TARGET.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        archive = download(Path(folder))
        with tarfile.open(archive) as source:
            for name in FILES:
                member = source.extractfile(f"{PACKAGE}-{VERSION}/test/{name}")
                if member is None:
                    raise SystemExit(f"{archive.name} has no test/{name}")
                (TARGET / name).write_bytes(member.read())
    yaml: Any = importlib.import_module("yaml")
    scenarios = [scenario for scenario in yaml.safe_load_all((TARGET / FILES[0]).read_bytes()) if scenario]
    document = {"package": PACKAGE, "version": VERSION, "sha256": SHA256, "scenarios": scenarios}
    (TARGET / "suite.json").write_text(json.dumps(document, indent=1) + "\n", "utf-8")


def download(folder: Path) -> Path:
    """Return the source distribution, having compared it with the one that was read when this was written."""
    wanted = f"{PACKAGE}=={VERSION}"
    command = [
        sys.executable,
        "-m",
        "pip",
        "download",
        "--quiet",
        "--no-deps",
        "--no-binary",
        ":all:",
        "--dest",
        str(folder),
        wanted,
    ]
    subprocess.run(command, check=True)  # noqa: S603 - our own arguments
    archive = next(folder.glob("*.tar.gz"))
    if (found := hashlib.sha256(archive.read_bytes()).hexdigest()) != SHA256:
        raise SystemExit(f"{archive.name} is another file than the one known: sha256 {found}")
    return archive


if __name__ == "__main__":
    main()
