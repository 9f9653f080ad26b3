"""What was examined, from where, and what was not: read tolerantly from the open objects `subject` and `vantage`."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from checks.model import CheckResult, Finding, Owner, Status
from checks.tables import provider_of_host
from reports.escape import block, line
from reports.links import anchor
from reports.model import CheckEntry, FindingEntry, Report
from reports.names import both_forms
from reports.words import listed

MAX_LISTED = 100  # servers, domains, sentences
MAX_OBSERVATIONS = 600  # one domain is asked at most 250 questions


@dataclass(frozen=True, kw_only=True)
class Observation:
    """One question and its answer, in the appendix."""

    id: str
    """As in report.json, for looking up only."""
    anchor: str
    title: str
    state: str
    """As in report.json."""
    answer: str
    """The state in words."""
    text: str


@dataclass(frozen=True, kw_only=True)
class Fact:
    """One line of a table of facts."""

    label: str
    value: str


@dataclass(frozen=True, kw_only=True)
class ServerFacts:
    """One server, as the dispatcher will use it."""

    name: str
    facts: tuple[Fact, ...]
    seen: tuple[Observation, ...]
    """The conversations with it."""


@dataclass(frozen=True, kw_only=True)
class Scope:
    """The frame of a report."""

    kind: str
    name: str
    what: str
    """What was examined, inside a sentence: "club.example"."""
    domains: tuple[str, ...]
    servers: tuple[ServerFacts, ...]
    providers: tuple[str, ...]
    test_mode: bool
    taken_at: str
    """ISO 8601."""
    taken: str
    """For a person: 23 November 2026, 09:00 UTC."""
    tool: str
    allowed: str
    """What the run was allowed to do."""
    nameservers: tuple[str, ...]
    """Those that were asked."""
    vantage: tuple[Fact, ...]
    not_tested: tuple[str, ...]
    message: str
    """What became of the test message; empty if none was planned."""
    observations: tuple[Observation, ...]
    more_observations: int

    def hint_of(self, owner: Owner) -> str:
        """Name the system that a person must know, if it was recognised."""
        if not self.providers or owner not in (Owner.MAIL_ADMIN, Owner.PROVIDER):
            return ""
        return f"Here: {listed(self.providers)}."


def scope_of(report: Report) -> Scope:
    """Read the frame."""
    subject, vantage = report.subject, report.vantage
    observations, more = _observations(_mapping(vantage.get("observations")))
    rows = [row for row in _sequence(subject.get("servers")) if isinstance(row, Mapping)][:MAX_LISTED]
    domains = strings([both_forms(str(name)) for name in _sequence(subject.get("domains"))], MAX_LISTED)
    kind = line(subject.get("kind") or "", 20)
    named = str(subject.get("name") or "")
    name = line(both_forms(named) if kind == "domain" else named, 300)
    return Scope(
        kind=kind,
        name=name,
        what=listed(domains[:3]) + (f" and {len(domains) - 3:,} more" if len(domains) > 3 else "") or name or "this sender",
        domains=domains,
        servers=tuple(_server(row, observations) for row in rows),
        providers=tuple(
            dict.fromkeys(found.name.partition(" (")[0] for row in rows if (found := provider_of_host(str(row.get("host", "")))))
        ),
        test_mode=_on(subject.get("test_mode")),
        taken_at=line(report.taken_at, 40),
        taken=spoken_time(report.taken_at),
        tool=line(report.tool, 80),
        allowed=listed([ALLOWED.get(str(word), line(word, 60)) for word in _sequence(vantage.get("allowed"))[:10]]),
        nameservers=strings(_sequence(vantage.get("nameservers")), 20),
        vantage=tuple(_vantage(vantage)),
        not_tested=strings(_sequence(vantage.get("not_tested")), MAX_LISTED),
        message=_message(subject.get("test_message"), report),
        observations=observations,
        more_observations=more,
    )


MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
"""Our own, for %B follows the locale."""


def spoken_time(text: str) -> str:
    """Write a moment for a person, always with its zone."""
    moment = datetime.fromisoformat(text)
    offset = moment.utcoffset() or timedelta(0)
    zone = "UTC" if not offset else "UTC" + moment.strftime("%z")[:3] + ":" + moment.strftime("%z")[3:5]
    return f"{moment.day} {MONTHS[moment.month - 1]} {moment.year}, {moment:%H:%M} {zone}"


def strings(values: Sequence[Any], limit: int) -> tuple[str, ...]:
    """Return texts, each on one visible line; what is beyond the limit is counted."""
    shown = [line(value) for value in values[:limit]]
    return (*shown, f"(and {len(values) - limit:,} more)") if len(values) > limit else tuple(shown)


STATES = {
    "ok": "answered", "nxdomain": "no such name", "nodata": "no such record", "servfail": "the server failed", "timeout": "no answer in time",
    "refused": "refused", "bogus": "the answer does not hold", "not-attempted": "not asked",
}  # fmt: skip


def _observations(rows: Mapping[str, Any]) -> tuple[tuple[Observation, ...], int]:
    found = []
    for name in sorted(rows, key=lambda name: (not name.startswith("dns "), name))[:MAX_OBSERVATIONS]:
        row = _mapping(rows[name])
        found.append(
            Observation(
                id=name,
                anchor=anchor("seen", name),
                title=line(name, 300),
                state=line(row.get("state") or "", 30),
                answer=STATES.get(str(row.get("state")), ""),
                text=block(row.get("text") or ""),
            )
        )
    return tuple(found), max(0, len(rows) - MAX_OBSERVATIONS)


# --- servers ----------------------------------------------------------------------------------------------------------

LABELS = {
    "host": "Server", "port": "Port", "security": "Encryption", "auth": "Login method", "username": "User name", "password": "Password",
    "sender": "Sender", "filter": "Used for mail from", "return_path": "Bounces go to", "limit": "Sending limit", "burst": "Short-term limit",
    "default": "Default server", "ehlo": "Calls itself", "provider": "Provider", "selectors": "DKIM selectors",
    "dkim_since": "DKIM key in use since",
}  # fmt: skip
SECURITY = {
    "implicit-tls": "TLS from the first byte (implicit TLS)",
    "starttls": "STARTTLS, required: nothing is sent without it",
    "none": "none: the connection is not encrypted",
}


def _server(row: Mapping[str, Any], observations: Iterable[Observation]) -> ServerFacts:
    keys = [*LABELS, *sorted(set(row) - set(LABELS) - {"name"})]
    facts = [
        Fact(label=LABELS.get(key, line(key.replace("_", " ").capitalize(), 60)), value=_value(key, row[key]))
        for key in keys
        if key in row
    ]
    where = f" {row.get('host')} ["
    port = f"]:{row.get('port')} "
    seen = [found for found in observations if where in f"{found.id} " and port in f"{found.id} "]
    return ServerFacts(
        name=line(row.get("name") or row.get("host") or "server", 200),
        facts=tuple(fact for fact in facts if fact.value),
        seen=tuple(seen),
    )


def _value(key: str, value: Any) -> str:
    if key == "security":
        return SECURITY.get(str(value), line(value))
    if key == "default":
        return "yes, it takes the mail that no filter claims" if value else ""
    if isinstance(value, Mapping):
        return line(_table(key, value))
    if isinstance(value, list | tuple):
        return ", ".join(strings(value, MAX_LISTED))
    return "" if value is None else line(value)


def _table(key: str, value: Mapping[str, Any]) -> str:
    if key == "sender" and value.get("email"):
        answers = f", answers go to {value['reply_to']}" if value.get("reply_to") else ""
        return f"{value.get('name') or ''} <{value['email']}>".strip() + answers
    if key == "password" and value.get("source"):
        until = f", good until {value['expires']}" if value.get("expires") else ""
        return f"kept outside the settings ({value['source']} {value.get('ref', '')}){until}"
    if key in ("limit", "burst") and isinstance(value.get("max"), int):
        return f"{value['max']:,} {value.get('unit') or 'messages'} per {value.get('per')}"
    return json.dumps(value, sort_keys=True, default=str)


# --- where from, and what not -----------------------------------------------------------------------------------------

ALLOWED = {
    "look": "looking at DNS and servers",
    "login": "logging in once per server",
    "send": "sending one test message",
}


def _vantage(vantage: Mapping[str, Any]) -> Iterable[Fact]:
    if servers := _sequence(vantage.get("nameservers")):
        yield Fact(label="Name servers asked", value=", ".join(strings(servers, 20)))
    if vantage.get("allow_private") is True:
        yield Fact(label="Private addresses", value="allowed, and no finding (--allow-private)")
    if ports := _mapping(vantage.get("port_map")):
        pairs = [f"{line(a, 20)} stands for {line(b, 20)}" for a, b in sorted(ports.items())[:20]]
        yield Fact(label="Ports exchanged (laboratory)", value=", ".join(pairs))
    if vantage.get("ca_file") is True:
        yield Fact(label="Certificates", value="one more certificate authority was trusted than usual (--ca-file)")
    if isinstance(seconds := vantage.get("deadline_seconds"), int | float) and not isinstance(seconds, bool):
        yield Fact(label="Time allowed", value=f"{seconds:g} seconds for the whole run")
    known = {
        "allowed",
        "nameservers",
        "port_map",
        "ca_file",
        "ca_path",
        "deadline_seconds",
        "observations",
        "not_tested",
        "scope",
    }
    for key in sorted(set(vantage) - known):
        if isinstance(value := vantage[key], str | int | float) and not isinstance(value, bool) and value != "":
            yield Fact(label=line(key.replace("_", " ").capitalize(), 60), value=line(value))


def _message(value: Any, report: Report) -> str:
    planned = _mapping(value)
    if not planned.get("to"):
        return ""
    to, mark = line(planned["to"], 300), line(planned.get("id") or "", 200)
    tail = f" Its id is {mark}." if mark else ""
    said = [finding for entry in report.checks if entry.check.startswith(MESSAGE) for finding in entry.findings]
    statuses = {finding.status for finding in said}
    if Status.FAIL in statuses:
        return f"The test message to {to} was not accepted; the reason is among the points above.{tail}"
    if Status.PASS in statuses and (where := arrived_in(report.checks)):
        return f"The server accepted the test message to {to}, and it has arrived {where}.{tail}"
    if Status.PASS in statuses:
        return (
            f"The server accepted the test message to {to}. Accepted by the server is not yet delivered: "
            f"please look into that mailbox, and into its spam folder.{tail}"
        )
    if why := not_sent(said):
        return why
    return f"A test message to {to} was planned; whether the server accepted it is not known.{tail}"


ARRIVED = {"arrival.message-in-inbox": "in the inbox", "arrival.message-in-junk": "among the spam"}


def arrived_in(checks: Iterable[CheckEntry | CheckResult]) -> str:
    """Say where the test message has arrived; empty if that is not known."""
    said = (finding.code for entry in checks for finding in entry.findings)
    return next((ARRIVED[code] for code in said if code in ARRIVED), "")


MESSAGE = "send."  # the family of checks that hands the test message over
UNSENT = frozenset({"send.message-deferred", "send.broken-off"})  # the server decided nothing, and nothing has left


def not_sent(said: Sequence[FindingEntry | Finding]) -> str:
    """Say in a sentence why no test message left, from what the check of it said; empty if one left, or may have."""
    if not said:
        return "No test message was sent, because the check that sends it was not part of this run."
    for finding in said:
        if finding.status is Status.NOT_RUN:
            reason = finding.args.get("reason")
            return f"No test message was sent, because {line(reason)}." if reason else line(finding.title)
    if any(finding.code in UNSENT for finding in said):
        return "No test message was sent; the reason is among the points that could not be determined."
    asked = any(finding.status is not Status.NOT_APPLICABLE for finding in said)
    return "" if asked else "No test message was sent: none was asked for."


def _on(value: Any) -> bool:
    return bool(value.get("enabled")) if isinstance(value, Mapping) else value is True


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _sequence(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list | tuple) else ()
