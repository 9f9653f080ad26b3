"""The one command that tells whether a finding is gone. Pure."""

from __future__ import annotations

import shlex

from reports.escape import line
from reports.model import FindingEntry, Report


def command(report: Report, of: str, finding: FindingEntry) -> str:
    """Return the command line; `of` says what the check looks at (domain, server, settings; empty if unknown)."""
    subject = report.subject
    domains = [name for name in _list(subject.get("domains")) if name]
    if subject.get("kind") == "domain" or (of == "domain" and domains):
        name = _domain(finding.about, domains) or str(subject.get("name", ""))
        words = ["--domain", name]
        family = finding.code.partition(".")[0]
        for flag, key, families in (
            ("--sending-ip", "sending_ips", ("spf", "reverse")),
            ("--selector", "selectors", ("dkim", "dmarc")),
        ):
            if family in families:
                words += [word for value in _list(subject.get(key))[:10] for word in (flag, value)]
    else:
        words = [str(subject.get("file") or "settings.toml")]
        servers = [str(server.get("name")) for server in _dicts(subject.get("servers"))]
        if finding.about in servers and len(servers) > 1:
            words += ["--server", finding.about]
    words += ["--only", finding.code]
    return line(shlex.join(["sendready", "check", *words]))


def _domain(about: str, domains: list[str]) -> str:
    """The domain in question: the one that the finding is about, or below which it lies; else the first."""
    fitting = [name for name in domains if about == name or about.endswith((f".{name}", f"@{name}"))]
    return max(fitting, key=len) if fitting else (domains[0] if domains else "")


def _list(value: object) -> list[str]:
    return [str(item) for item in value] if isinstance(value, list | tuple) else []


def _dicts(value: object) -> list[dict[str, object]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list | tuple) else []
