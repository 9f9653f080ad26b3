"""The pytest fixture `lab`. One lab per test process, however many folders import the fixture."""

from __future__ import annotations

import pytest

from .lab import Lab

_KEY = pytest.StashKey[Lab]()


@pytest.fixture(scope="session", name="lab")
def session_lab(pytestconfig: pytest.Config) -> Lab:
    """Return the running lab; it stops when pytest ends."""
    if _KEY not in pytestconfig.stash:
        lab = Lab()
        pytestconfig.add_cleanup(lab.close)
        pytestconfig.stash[_KEY] = lab
    return pytestconfig.stash[_KEY]
