"""Writes docs/checks and docs/schemas from the catalogue and the models. `--check` only compares and names what differs."""

from __future__ import annotations

import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from checks import settings  # noqa: E402 - found through the line above
from checks.catalogue import catalogue  # noqa: E402 - as above
from reports import dispatcher, model  # noqa: E402 - as above
from reports.handbook import check_page, index  # noqa: E402 - as above


def pages() -> dict[Path, str]:
    """Return every generated file and its text."""
    folder = ROOT / "docs" / "checks"
    found = {folder / f"{check.id}.md": check_page(check) for check in catalogue()}
    rows = "".join(f"| [{check.id}]({check.id}.md) | {check.title} |\n" for check in catalogue())
    found[folder / "README.md"] = (
        f"# Checks\n\nWritten by `make docs` from the rule files.\n\n| check | title |\n| --- | --- |\n{rows}"
    )
    for name, schema in (
        ("settings", settings.json_schema()),
        ("report", model.json_schema()),
        ("dispatcher", dispatcher.json_schema()),
    ):
        found[ROOT / "docs" / "schemas" / f"{name}.json"] = json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
    return found


def differences() -> list[str]:
    """Name the files that are missing, stale or no longer generated."""
    wanted = pages()
    stale = [path for path, text in wanted.items() if not path.exists() or path.read_text("utf-8") != text]
    there = {*(ROOT / "docs" / "checks").glob("*.md"), *(ROOT / "docs" / "schemas").glob("*.json")}
    return sorted(str(path.relative_to(ROOT)) for path in {*stale, *(there - wanted.keys())})


def main() -> int:
    """Write, or compare."""
    if "--check" in sys.argv:
        wrong = differences()
        print("\n".join(wrong) or "docs are as the catalogue says")
        return 1 if wrong else 0
    wanted = pages()
    for path in (*(ROOT / "docs" / "checks").glob("*.md"), *(ROOT / "docs" / "schemas").glob("*.json")):
        if path not in wanted:
            path.unlink()
    for path, text in wanted.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    print(f"wrote {len(wanted)} files; {len(index(catalogue()).splitlines())} checks")
    return 0


if __name__ == "__main__":
    sys.exit(main())
