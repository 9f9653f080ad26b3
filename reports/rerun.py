"""The command that tells whether a finding is gone. It repeats what the run was told: the same file, server, addresses, name servers. Pure."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping, Sequence

from reports.escape import line
from reports.model import FindingEntry, Report

MAX_REPEATED = 50  # values of one flag; nobody types more
MAX_WORD = 4_000
MAX_CODES = 3  # a command that names more is read by nobody; it names families then
MAX_FAMILIES = 4  # of a dozen; beyond, the whole check is as quick and shorter to type
ARRIVAL = frozenset({"arrival", "triangle"})  # families that judge a message that has arrived
OURS = "the system's"  # how a run names the name servers that it was not told

COLUMNS = 80  # of a terminal that nobody made wider
MAX_CODES_LENGTH = 60  # characters of one --only; longer ones are given one by one

Words = tuple[str, ...]
"""A command line, each word quoted for the shell and visible; joined by spaces it can be copied."""


def command(report: Report, of: str, finding: FindingEntry) -> Words:
    """Return the command for one finding; `of` says what the check looks at (domain, server, settings; empty if unknown)."""
    servers = [finding.about] if of in ("server", "") else []
    return _command(report, [finding.code], servers)


def command_for_all(report: Report, found: Iterable[tuple[str, FindingEntry]]) -> Words:
    """Return the one command for several findings, each with what its check looks at."""
    pairs = list(found)
    codes = list(dict.fromkeys(finding.code for _, finding in pairs))
    if len(codes) > MAX_CODES:
        families = list(dict.fromkeys(code.partition(".")[0] for code in codes))
        codes = families if len(families) <= MAX_FAMILIES else []
    same = {finding.about if of in ("server", "") else "" for of, finding in pairs}
    return _command(report, codes, [*same] if len(same) == 1 else [])


def rows(words: Sequence[str], width: int, indent: int = 0) -> list[str]:
    """Write a command on as many lines as it needs, each but the last ending in a backslash: all of them can be pasted at once.

    A flag keeps its value beside it. One word that is wider than a line stays whole.
    """
    found: list[str] = []
    for part in _parts(words):
        if found and indent + len(found[-1]) + len(part) + 3 <= width:  # 3: the space, and " \\" at the end
            found[-1] += f" {part}"
        else:
            found.append(f"  {part}" if found else part)
    return [" " * indent + row + (" \\" if number < len(found) else "") for number, row in enumerate(found, start=1)]


def _parts(words: Sequence[str]) -> list[str]:
    parts: list[str] = []
    for word, before in zip(words, ("", *words), strict=False):
        if before.startswith("--") and not word.startswith("--"):
            parts[-1] += f" {word}"
        else:
            parts.append(word)
    return parts


def _command(report: Report, codes: Sequence[str], servers: Sequence[str]) -> Words:
    subject, vantage = report.subject, report.vantage
    words = ["sendready", "check"]
    if subject.get("kind") == "domain":
        words += ["--domain", str(subject.get("name", ""))]
    else:
        words += [_path(str(subject.get("file") or "settings.toml")), *_server(subject, servers)]
    words += _repeated("--sending-ip", subject.get("sending_ips")) + _repeated("--selector", subject.get("selectors"))
    if subject.get("blocklists") is True:
        words.append("--blocklists")
    together = ",".join(codes)
    if codes:
        words += ["--only", together] if len(together) <= MAX_CODES_LENGTH else _repeated("--only", codes)
    words += _message(subject, vantage, codes) + _arrival(subject, codes)
    words += _repeated("--nameserver", [server for server in _list(vantage.get("nameservers")) if server != OURS])
    if vantage.get("allow_private") is True:
        words.append("--allow-private")
    if isinstance(ca := vantage.get("ca_path"), str) and ca:
        words += ["--ca-file", _path(ca)]
    if isinstance(ports := vantage.get("port_map"), Mapping):
        words += _repeated("--port-map", [f"{meant}:{real}" for meant, real in sorted(ports.items())])
    return tuple(line(shlex.quote(word), MAX_WORD) for word in words)


def _path(name: str) -> str:
    return f"./{name}" if name.startswith("-") else name


def _server(subject: Mapping[str, object], servers: Sequence[str]) -> list[str]:
    """Name the one server that the run was restricted to, or that a finding is about."""
    if subject.get("server"):
        return ["--server", str(subject["server"])]
    names = [str(server.get("name")) for server in _dicts(subject.get("servers"))]
    return ["--server", servers[0]] if servers and servers[0] in names and len(names) > 1 else []


def _message(subject: Mapping[str, object], vantage: Mapping[str, object], codes: Sequence[str]) -> list[str]:
    """Repeat what the run was allowed, where the default would do more or less than the finding needs."""
    families = {code.partition(".")[0] for code in codes}
    allowed = _list(vantage.get("allowed"))
    if subject.get("kind") != "domain" and allowed == ["look"]:
        return ["--allow", "look"]
    planned = subject.get("test_message")
    to = str(planned.get("to") or "") if isinstance(planned, Mapping) else ""
    new = "--arrival-password" in _arrival(subject, codes)
    sends = ["--allow", "look,login,send"] if ("send" in families or new) and "send" in allowed else []
    return [*sends, "--to", to] if to and (new or families & {"send", "sender"}) else []


def _arrival(subject: Mapping[str, object], codes: Sequence[str]) -> list[str]:
    """Repeat where the message that has arrived is looked at: a saved one always, a mailbox for what only a new message shows."""
    arrival, password = subject.get("arrival"), subject.get("arrival_password")
    if not arrival or arrival == "-":
        return []
    words = ["--arrival", str(arrival)]
    if not password:
        return words
    return [*words, "--arrival-password", str(password)] if {code.partition(".")[0] for code in codes} & ARRIVAL else []


def _repeated(flag: str, values: object) -> list[str]:
    return [word for value in _list(values)[:MAX_REPEATED] for word in (flag, value)]


def _list(value: object) -> list[str]:
    return [str(item) for item in value] if isinstance(value, list | tuple) else []


def _dicts(value: object) -> list[dict[str, object]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list | tuple) else []
