"""What was asked of the world and what it answered.

A `Probe` is a question, a `Reading` its answer, `Evidence` what one run of a rule may look at. Knows nothing of mail; the
questions themselves are in checks.probes.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar, cast

if TYPE_CHECKING:
    from pydantic import TypeAdapter

EVIDENCE_SCHEMA = "sendready.evidence/1"


class State(StrEnum):
    """How an attempt to read something ended. Only the first three are answers; the rest are reasons for having none."""

    OK = "ok"
    NXDOMAIN = "nxdomain"  # the name does not exist (RFC 8020: nor does anything below it)
    NODATA = "nodata"  # the name exists, it has no record of this type (RFC 2308 section 2.2)
    SERVFAIL = "servfail"  # the other side could not answer
    TIMEOUT = "timeout"  # no answer in time
    REFUSED = "refused"  # the other side declines: DNS REFUSED, TCP connection refused
    BOGUS = "bogus"  # the answer does not hold: DNSSEC, malformed, too large
    NOT_ATTEMPTED = "not-attempted"  # we did not ask: not allowed, no time left, no way there

    @property
    def answered(self) -> bool:
        """Whether the question was settled, be it with "there is none"."""
        return self in (State.OK, State.NXDOMAIN, State.NODATA)


class Effect(StrEnum):
    """What asking does to the world; the person allows each kind."""

    LOOK = "look"  # public look-ups and conversations without a password
    LOGIN = "login"  # presents the password, or names sender and recipient
    SEND = "send"  # one test message leaves


class Unasked(StrEnum):
    """Why a probe was not asked at all."""

    NOT_ALLOWED = "not-allowed"  # the person did not allow its effects in this run
    NO_TIME = "no-time"  # the time for the whole run was up
    NOT_SAVED = "not-saved"  # judging saved evidence that lacks it


@dataclass(frozen=True, kw_only=True)
class Reading:
    """The answer to a probe."""

    state: State
    detail: str = ""
    """Why there is no answer, in words for a person; empty when `state` says it all."""
    unasked: Unasked | None = None
    """Only for not-attempted, and only where the run itself decided so."""


R_co = TypeVar("R_co", bound=Reading, covariant=True)
R = TypeVar("R", bound=Reading)


@dataclass(frozen=True, kw_only=True)
class Probe(Generic[R_co]):
    """A question. Frozen and hashable: two equal probes are asked once."""

    kind: ClassVar[str]
    reading: ClassVar[type[Reading]]

    @property
    def effects(self) -> frozenset[Effect]:
        """What asking does to the world; each of it must be allowed."""
        return frozenset({Effect.LOOK})

    @property
    def id(self) -> str:
        """A short stable name that a person can read in "how we know"."""
        raise NotImplementedError


class Missing(BaseException):
    """Raised into a rule when it looks at readings that nobody has gathered; the engine gathers them and runs the rule again.

    Not an `Exception`: a library's `except Exception` must not swallow it.
    """

    def __init__(self, probes: Iterable[Probe[Reading]]) -> None:
        self.probes = tuple(probes)
        super().__init__(", ".join(probe.id for probe in self.probes))


class Undetermined(BaseException):
    """Raised by `Evidence.need` when a reading failed: the rule cannot say anything, and the engine says so with the reason."""

    def __init__(self, probe: Probe[Reading], reading: Reading) -> None:
        self.probe = probe
        self.reading = reading
        super().__init__(f"{probe.id}: {reading.state} {reading.detail}".strip())


class TooMany(BaseException):
    """Raised into a rule that wants to look at more readings than one rule may, whether they were gathered before or not."""


class Evidence:
    """What one run of one rule may look at, up to `bound` probes. Remembers which ones it consulted, in order."""

    def __init__(self, readings: Mapping[Probe[Any], Reading], *, bound: int | None = None) -> None:
        self._readings = readings
        self._bound = bound
        self._consulted: dict[Probe[Any], None] = {}

    def __getitem__(self, probe: Probe[R]) -> R:
        """Return the reading, failed or not; `Missing` if nobody has gathered it."""
        return self.all(probe)[0]

    def need(self, probe: Probe[R]) -> R:
        """Return the reading if it is an answer (ok, nxdomain, nodata); otherwise the finding becomes *unknown* with its reason."""
        reading = self[probe]
        if not reading.state.answered:
            raise Undetermined(probe, reading)
        return reading

    def all(self, *probes: Probe[R]) -> tuple[R, ...]:
        """Return the readings of siblings, gathered in one round."""
        self._consulted.update(dict.fromkeys(probes))
        if self._bound is not None and len(self._consulted) > self._bound:
            raise TooMany
        missing = [probe for probe in probes if probe not in self._readings]
        if missing:
            raise Missing(missing)
        return tuple(cast("R", self._readings[probe]) for probe in probes)

    @property
    def consulted(self) -> tuple[str, ...]:
        """Ids of the probes looked at so far, in order."""
        return tuple(dict.fromkeys(probe.id for probe in self._consulted))

    @property
    def looked_at(self) -> tuple[Probe[Any], ...]:
        """The probes themselves, in order."""
        return tuple(self._consulted)


Readings = dict[Probe[Any], Reading]


def _adapter(cls: type) -> TypeAdapter[Any]:
    from pydantic import TypeAdapter  # noqa: PLC0415 - 60 ms that `--help` does not need

    return TypeAdapter(cls)


adapter: Callable[[type], TypeAdapter[Any]] = cache(_adapter)
"""Return the reader and writer of a probe or reading class."""


def to_json(readings: Mapping[Probe[Any], Reading], *, about: Mapping[str, Any]) -> str:
    """Write readings as one JSON document; `about` carries what the file is of (time, tool, subject)."""
    rows = [
        {"kind": probe.kind, "id": probe.id, "probe": _dump(type(probe), probe), "reading": _dump(probe.reading, reading)}
        for probe, reading in sorted(readings.items(), key=lambda item: (item[0].kind, item[0].id))
    ]
    return json.dumps({"schema": EVIDENCE_SCHEMA, **about, "readings": rows}, indent=1, ensure_ascii=True, allow_nan=False) + "\n"


def from_json(text: str, kinds: Mapping[str, type[Probe[Any]]]) -> tuple[Readings, dict[str, Any]]:
    """Read what `to_json` wrote. Raises `ValueError` with a sentence for a person when the file is not that."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"this is not JSON: {error}") from None
    if not isinstance(document, dict) or document.get("schema") != EVIDENCE_SCHEMA:
        raise ValueError(f"this is not an evidence file of sendready (its schema must be {EVIDENCE_SCHEMA})")
    readings: Readings = {}
    rows = document.pop("readings", None)
    if not isinstance(rows, list):
        raise ValueError("the evidence file has no list of readings")  # noqa: TRY004 - bad input, not a bad call
    for number, row in enumerate(rows, start=1):
        try:
            cls = kinds[row["kind"]]
            readings[adapter(cls).validate_python(row["probe"])] = adapter(cls.reading).validate_python(row["reading"])
        except (KeyError, TypeError, ValueError) as error:
            first = str(error).splitlines()[0]
            raise ValueError(f"reading {number} of the evidence file does not fit: {first}") from None
    return readings, document


def _dump(cls: type, value: object) -> Any:
    return adapter(cls).dump_python(value, mode="json", exclude_defaults=True)
