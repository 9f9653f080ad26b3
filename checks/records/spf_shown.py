"""An SPF tree and the ways through it, as findings hand them on: typed here, plain data in report.json. Read back totally.

`plain` and `tree_of`, `ways_of` are the one codec between the rules, which know the tree, and whoever draws it. It is open for machines:
`{"domain": .., "lookups": 7, "lookup_limit": 10, "steps": [{"number": 1, "depth": 0, "term": "include:..", ..}]}`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, TypeVar, cast

from pydantic import Field, ValidationError

from checks.evidence import adapter

NO_ANSWER = "no-answer"  # beside the flaws of checks.records.spf_tree: what a term leads to could not be read
MAIL_FROM, HELO = "mail-from", "helo"  # RFC 7208 sections 2.4 and 2.3

Count = Annotated[int, Field(ge=0, le=1_000_000)]
"""Larger than any number that means something here."""

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class ShownStep:
    """One term that costs a look-up, in the order in which receivers come to it."""

    number: Count
    """Running number over the whole tree."""
    depth: Count
    """0: in the domain's own record."""
    domain: str
    """Whose record has the term."""
    term: str
    """As published."""
    section: str
    """Where RFC 7208 defines it."""
    name: str = ""
    """What is looked up; empty if that differs from message to message."""
    whose: str = ""
    """Who stands behind that name: a provider, or in plain words."""
    lookups: Count = 1
    """What it costs with everything below it."""
    void: tuple[str, ...] = ()
    """Names that it leads to and that have no address."""
    trouble: str = ""
    """A flaw of checks.records.spf_tree, or `NO_ANSWER`; empty: none is known."""


@dataclass(frozen=True, kw_only=True)
class ShownTree:
    """What the whole record costs at worst."""

    domain: str
    lookups: Count
    lookup_limit: Count
    exact: bool
    """False: there may be more, behind what is broken or got no answer."""
    void_lookups: Count | None
    """None: not counted, because the record is broken already."""
    void_limit: Count
    void_exact: bool
    """False: some names got no answer."""
    steps: tuple[ShownStep, ...]
    more: Count = 0
    """Steps left out."""


@dataclass(frozen=True, kw_only=True)
class ShownMatch:
    """One term on the way to the one that decided."""

    domain: str
    term: str
    section: str


@dataclass(frozen=True, kw_only=True)
class ShownWay:
    """How receivers come to the result for one address and one identity."""

    identity: str
    """`MAIL_FROM` or `HELO`."""
    sender: str
    """The address or the name that is judged."""
    address: str
    result: str
    """RFC 7208 section 2.6."""
    lookups: Count
    """Used until the result was clear."""
    void_lookups: Count
    problem: str = ""
    """For permerror: why."""
    matches: tuple[ShownMatch, ...] = ()
    """From the first record down to the term that decided; empty: none did."""


@dataclass(frozen=True, kw_only=True)
class ShownWays:
    """The ways of the addresses that send with one envelope domain."""

    domain: str
    lookup_limit: Count
    void_limit: Count
    ways: tuple[ShownWay, ...]


def plain(shown: ShownTree | ShownWays) -> dict[str, Any]:
    """Return it as the data of JSON."""
    found: dict[str, Any] = adapter(type(shown)).dump_python(shown, mode="json")
    return found


def tree_of(value: object) -> ShownTree | None:
    """Read a tree; None if this is none."""
    return _read(ShownTree, value)


def ways_of(value: object) -> ShownWays | None:
    """Read ways; None if these are none."""
    return _read(ShownWays, value)


def _read(kind: type[T], value: object) -> T | None:
    try:
        return cast("T", adapter(kind).validate_python(value)) if isinstance(value, dict) else None
    except (ValidationError, RecursionError):
        return None
