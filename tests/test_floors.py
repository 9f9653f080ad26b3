"""The floor test: imports point down only (DESIGN.md section 2), read from the syntax trees."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
GROUND = ("checks.model", "checks.evidence", "checks.settings", "checks.secret", "checks.subject", "checks.values")
MIDDLE = ("checks.records", "checks.tables", "checks.probes", "checks.routing", "checks.changes", "checks.capacity")
ALLOWED: dict[str, tuple[str, ...]] = {
    "wizard": ("wizard", "reports", "checks"),
    "reports": ("reports", "checks.engine", "checks.catalogue", *MIDDLE, *GROUND),
    "checks.catalogue": ("checks.rules", *MIDDLE, *GROUND),
    "checks.engine": ("checks.rules", *MIDDLE, *GROUND),
    "checks.rules": ("checks.rules", *MIDDLE, *GROUND),
    "checks.gather": ("checks.gather", *MIDDLE, *GROUND),
    **dict.fromkeys(MIDDLE, (*MIDDLE, *GROUND)),
    **dict.fromkeys(GROUND, GROUND),
}
WORLD = {
    "socket",
    "asyncio",
    "ssl",
    "smtplib",
    "os",
    "time",
    "subprocess",
    "random",
    "secrets",
    "httpx2",
    "dns.resolver",
    "dns.asyncresolver",
    "dns.query",
}
PURE = ("checks.rules", *MIDDLE, *GROUND)
FILES = sorted(path for package in ("wizard", "checks", "reports") for path in (ROOT / package).rglob("*.py"))


def module_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def imports(path: Path) -> set[str]:
    """Every module that a file imports, also inside functions."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            found.update({node.module or "", *(f"{node.module}.{alias.name}" for alias in node.names)})
    return found


def below(module: str, floors: tuple[str, ...]) -> bool:
    return any(module == floor or module.startswith(f"{floor}.") for floor in floors)


@pytest.mark.parametrize("path", FILES, ids=module_of)
def test_imports_point_down(path: Path) -> None:
    """A file imports from its own floor's list only."""
    module = module_of(path)
    if module == "checks":
        assert not imports(path) - {"__future__", "__future__.annotations"}
        return
    floor = max((name for name in ALLOWED if below(module, (name,))), key=len)
    own = {name for name in imports(path) if below(name, ("wizard", "reports", "checks"))}
    own -= {"checks"}  # `from checks import tables` shows as checks and checks.tables
    assert not {name for name in own if not below(name, ALLOWED[floor])}


@pytest.mark.parametrize("path", [path for path in FILES if below(module_of(path), PURE)], ids=module_of)
def test_pure_floors_do_not_touch_the_world(path: Path) -> None:
    """Rules, records, tables and the ground floor open no socket and read no clock or environment."""
    assert not imports(path) & WORLD
    calls = {
        ast.unparse(node.func)
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
    }
    assert not calls & {"datetime.now", "datetime.utcnow", "date.today", "datetime.datetime.now"}


def test_only_gather_opens_sockets() -> None:
    """Outside checks/gather and the demo's servers nothing imports a socket."""
    sockets = {module_of(path) for path in FILES if imports(path) & {"socket", "smtplib", "socketserver", "ssl"}}
    assert {name for name in sockets if not below(name, ("checks.gather", "wizard.demo"))} == set()
