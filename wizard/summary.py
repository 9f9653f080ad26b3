"""What a report says about the run itself: of what, when, from where, and what was not tested. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Self

from checks import tables
from checks.evidence import Readings
from checks.model import CheckResult, Status
from checks.settings import Server
from checks.subject import DomainSubject, Way
from reports import dispatcher
from reports.model import Report, build
from reports.observations import describe
from reports.scope import MESSAGE, not_sent
from wizard.request import Request
from wizard.tool import tool_name


@dataclass(frozen=True, kw_only=True)
class Circumstances:
    """When and how a run looked at the world."""

    taken_at: datetime
    """When the world was asked: the real time."""
    judged_as_of: datetime
    """The moment that dates were compared with."""
    vantage: Mapping[str, Any]

    def document(self) -> dict[str, Any]:
        """Return this as plain data for the evidence file."""
        moments = {"taken_at": self.taken_at.astimezone(UTC).isoformat(), "judged_as_of": self.judged_as_of.isoformat()}
        return {**moments, "vantage": dict(self.vantage)}

    @classmethod
    def from_document(cls, plain: Mapping[str, Any]) -> Self:
        """Read what `document` wrote. Raises `ValueError`."""
        taken_at = _moment(plain.get("taken_at"), "taken_at")
        vantage = plain.get("vantage")
        if not isinstance(vantage, dict):
            raise ValueError("the evidence file does not say from where it was taken (vantage)")  # noqa: TRY004 - bad input
        return cls(taken_at=taken_at, judged_as_of=_moment(plain.get("judged_as_of"), "judged_as_of"), vantage=vantage)

    def as_of(self, moment: datetime) -> Self:
        """Return these, to be judged as of another moment."""
        return replace(self, judged_as_of=moment)


def _moment(value: object, name: str) -> datetime:
    try:
        found = datetime.fromisoformat(str(value)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError(f"the evidence file has no readable time ({name})") from None
    return found


OWN = frozenset({"observations", "not_tested", "judged_as_of", "scope", "narrowed_by"})
"""What a report adds to the vantage; never taken from a saved file."""


def report_of(request: Request, results: list[CheckResult], consulted: Readings, known: Circumstances) -> Report:
    """Put the report together."""
    vantage = {key: value for key, value in known.vantage.items() if key not in OWN}
    if known.judged_as_of != known.taken_at:
        vantage["judged_as_of"] = known.judged_as_of.isoformat()
    named = {probe for result in results for finding in result.findings for probe in finding.consulted}
    seen = {probe.id: describe(probe, reading) for probe, reading in consulted.items() if probe.id in named}
    return build(
        results=results,
        tool=tool_name(),
        taken_at=known.taken_at.astimezone(UTC),
        subject=subject_of(request, known.judged_as_of),
        vantage={
            **vantage,
            "scope": scope(request),
            "narrowed_by": narrowed_by(request),
            "not_tested": not_tested(request, results, known.vantage.get("allowed", ())),
            "observations": dict(sorted(seen.items())),
        },
        tables=[{"name": name, "checked": checked.isoformat()} for name, checked in tables.dates()],
    )


def scope(request: Request) -> str:
    """Say in a word how much was looked at: whole (every server, every check), part, or domain (its DNS alone)."""
    if narrowed_by(request):
        return "part"
    return "domain" if request.settings is None else "whole"


def narrowed_by(request: Request) -> list[str]:
    """Name the flags that left something out."""
    several = request.settings is not None and len(request.settings.servers) > 1
    given = {"only": bool(request.only), "skip": bool(request.skip), "server": bool(request.server) and several}
    return [name for name, narrows in given.items() if narrows]


def not_tested(request: Request, results: list[CheckResult], allowed: Any) -> list[str]:
    """Say in sentences what this run did not look at, and why: a green verdict must not promise more than was tried."""
    if request.settings is None:
        sentences = ["No mail server was contacted: only the domain's DNS was checked, because no settings were given."]
    else:
        sentences = list(_not_sent(request, results, allowed))
        if "login" not in allowed and any(server.auth != "none" for server in request.settings.servers):
            sentences.insert(
                0, "The password was not tried, because logging in was not allowed in this run (--allow look,login)."
            )
        if request.server and len(request.settings.servers) > 1:
            sentences.append(f"Only one of {len(request.settings.servers)} servers was looked at: {request.server} (--server).")
    if request.only or request.skip:
        sentences.append("Only a selection of the checks was run (--only, --skip).")
    skipped = sum(finding.status is Status.NOT_RUN for result in results for finding in result.findings)
    if skipped:
        parts = "1 part" if skipped == 1 else f"{skipped} parts"
        sentences.append(
            f"{parts} could not be looked at, because an earlier one failed or was not allowed; each says why in this report."
        )
    return sentences


def _not_sent(request: Request, results: list[CheckResult], allowed: Any) -> list[str]:
    given = {"arrival.message-given", "arrival.message-is-old"}
    if not request.message and given & {finding.code for result in results for finding in result.findings}:
        return ["No test message was sent: the message that was given (--arrival) was judged instead."]
    if not request.message or "send" not in allowed:
        return ["No test message was sent, so whether one arrives is not known (--allow look,login,send --to ADDRESS)."]
    said = [finding for result in results if result.check.startswith(MESSAGE) for finding in result.findings]
    statuses = {finding.status for finding in said}
    if Status.FAIL in statuses:
        return ["Whether a message arrives is not known, because the test message was not accepted."]
    if Status.PASS in statuses:
        if request.arrival is not None and request.arrival.way is Way.IMAP:
            return []  # it was looked for, and a check says what came of it
        return ["Whether the test message arrived: look into the mailbox; the server's acceptance is not yet a delivery."]
    return [not_sent(said) or "Whether a message arrives is not known, because the test message may not have been accepted."]


def subject_of(request: Request, now: datetime) -> dict[str, Any]:
    """Describe what was checked, as the report shows it."""
    domains = [subject.domain for subject in request.subjects(now) if isinstance(subject, DomainSubject)]
    kind = "settings" if request.settings else "domain"
    plain: dict[str, Any] = {"kind": kind, "name": request.name or request.domain, "domains": domains}
    for name in ("sending_ips", "selectors"):
        if given := getattr(request, name):
            plain[name] = list(given)
    if request.blocklists:
        plain["blocklists"] = True
    if request.arrival is not None:
        plain["arrival"] = request.arrival.given
        if password := request.arrival.password:
            plain["arrival_password"] = f"{password.source.value}:{password.ref}"  # where it is kept
    if request.settings is not None:
        plain["file"] = request.file or request.name
        if request.server:
            plain["server"] = request.settings.server(request.server).name
        plain["settings_digest"] = dispatcher.settings_digest(request.settings)
        plain["test_mode"] = request.settings.test_mode.enabled
        plain["servers"] = [_server(server) for server in request.settings.servers]
        plain["test_message"] = {"to": request.to, "id": request.message} if request.message else None
    return plain


def _server(server: Server) -> dict[str, Any]:
    return {
        "name": server.name,
        "default": server.default,
        "filter": list(server.filter),
        "host": server.host,
        "port": server.port,
        "security": server.security.value,
        "auth": server.auth.value,
        "sender": server.sender.email,
        "envelope_sender": server.envelope_sender,
        "limit": server.limit.model_dump(mode="json", exclude_none=True) if server.limit else None,
    }
