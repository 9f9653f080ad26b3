"""TLS-RPT records (RFC 8460 section 3): where senders report trouble with encrypted delivery. Text -> addresses and problems. Pure and total."""

from __future__ import annotations

import re
from dataclasses import dataclass

from checks.records.tags import MAX_PROBLEMS, Problem

MAX_URIS = 20  # real records have one or two

_RECORD = re.compile(r"v=TLSRPTv1[ \t]*;")  # RFC 8460 section 3: records that begin otherwise are discarded; case-sensitive
_MEANT = re.compile(r"[\s\"'\\]*v\s*[=:]\s*[\"']?\s*tls-?rpt\s*v?\s*1?[\"'\\]?\s*[;,:]?\s*", re.IGNORECASE)
_FIELD = re.compile(r"([A-Za-z0-9][A-Za-z0-9_.-]{0,31})=([\x20-\x3a\x3c-\x7e]*)\Z")
_NAME = r"(?:[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z0-9-]{2,63}"
_MAILTO = re.compile(rf"mailto:[^\s@!,;?]{{1,64}}@{_NAME}(?:\?[^\s!,;]*)?\Z", re.IGNORECASE)
_HTTPS = re.compile(rf"https://{_NAME}(?::[0-9]{{1,5}})?(?:[/?][^\s!,;]*)?\Z", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class TlsRptRecord:
    """Where reports go. With any problem, senders may act as if there were no record."""

    uris: tuple[str, ...]
    """Those that a report can be sent to."""
    problems: tuple[Problem, ...]


def is_tls_rpt(text: str) -> bool:
    """Tell whether a TXT record asks for reports; senders discard all others."""
    return _RECORD.match(text) is not None


def meant_as_tls_rpt(text: str) -> bool:
    """Tell whether somebody meant to ask for reports, though senders do not see it."""
    return _MEANT.match(text) is not None


def repaired_tls_rpt(text: str) -> str:
    """Return a record whose beginning was miswritten with the right beginning; nothing if it is not sure what was meant."""
    head = _MEANT.match(text)
    mended = f"v=TLSRPTv1; {text[head.end() :]}".strip().strip("\"'").replace("\\;", ";") if head else ""
    return mended if mended and not parse_tls_rpt(mended).problems else ""


def parse_tls_rpt(text: str) -> TlsRptRecord:
    """Read a record."""
    problems: list[Problem] = []
    uris: list[str] = []
    position = 0
    asked = False
    pieces = text.split(";")
    if not is_tls_rpt(text):
        problems.append(Problem(position=0, kind="no-version", message="it does not begin with v=TLSRPTv1;"))
    for number, piece in enumerate(pieces):
        start = position + len(piece) - len(piece.lstrip(" \t"))
        field = _FIELD.match(piece.strip(" \t"))
        if field is None and (piece.strip(" \t") or number < len(pieces) - 1):  # one semicolon at the end is allowed
            problems.append(Problem(position=start, kind="bad-field", message="something that is not name=value"))
        elif field is not None and field[1] == "rua":
            asked = True
            _addresses(field[2], start + len("rua="), uris, problems)
        position += len(piece) + 1
        if len(problems) >= MAX_PROBLEMS:
            break
    if not asked:
        problems.append(Problem(position=len(text), kind="no-rua", message="there is no rua="))
    return TlsRptRecord(uris=tuple(uris), problems=tuple(problems[:MAX_PROBLEMS]))


def _addresses(text: str, position: int, uris: list[str], problems: list[Problem]) -> None:
    for part in text.split(","):
        uri = part.strip(" \t")
        if len(uris) == MAX_URIS:
            problems.append(Problem(position=position, kind="too-many", message=f"more than {MAX_URIS} addresses"))
            return
        if _MAILTO.match(uri) or _HTTPS.match(uri):
            uris.append(uri)
        else:
            message = "an address that is neither mailto: with an e-mail address nor https:"
            problems.append(Problem(position=position, kind="bad-address", message=message))
        position += len(part) + 1
