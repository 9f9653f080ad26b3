"""What whoever wrote a broken SPF record surely meant. Pure; proposes text, and only text that `spf.parse` finds nothing wrong with."""

from __future__ import annotations

import difflib
import re

from checks.records.spf import MECHANISMS, Kind, Mechanism, Modifier, Problem, Record, Term, is_spf, parse, parse_term

MAX_TERMS = 200  # a record that long does not fit into an answer; nobody mends it by hand
MAX_WORD = 260  # a name with its mechanism
_ALIASES = {"ipv4": "ip4", "ipv6": "ip6", "ip": "ip4", "ip-4": "ip4", "ip-6": "ip6", "prt": "ptr", "all.": "all", "host": "a"}
_DASHES = dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2212", "-")  # hyphens, dashes and the minus sign of word processors
_DROPPED = dict.fromkeys(
    "\u201c\u201d\u201e\u2018\u2019\u00ab\u00bb\u200b\u200c\u200d\ufeff\u2060", ""
)  # quotes; characters without width
_SPACES_AND_SIGNS = {"\u00a0": " ", "\u202f": " ", "\u02dc": "~", "\u223c": "~", "\uff1a": ":"}
_TYPOGRAPHY = str.maketrans({**_DASHES, **_DROPPED, **_SPACES_AND_SIGNS})
_ALMOST = re.compile(r"[\s\"'\\]*(?:v\s*[=:]\s*)?spf\s*1(?![0-9.])[\s;,:\"']*(.*)", re.IGNORECASE | re.DOTALL)
_ADDRESS = re.compile(r"[0-9a-f]*[.:][0-9a-f.:]*(?:/|$)", re.IGNORECASE)


def repaired(record: Record) -> str:
    """Return the record as it was meant, "" if that cannot be told. A record without problems comes back as it is."""
    if not record.problems:
        return record.text
    if len(record.terms) + len(record.problems) > MAX_TERMS:
        return ""
    seen = {term.position: term.text for term in record.terms}
    for problem in record.problems:
        fixed = _fixed(problem)
        if fixed is None:
            return ""
        seen[problem.position] = fixed
    text = _ordered([word for _, words in sorted(seen.items()) for word in words.split(" ") if word])
    return text if not parse(text).problems else ""


def almost_spf(text: str) -> str:
    """Return the SPF record that a TXT record was meant to be though its version is misspelt ("spf1 ...", "v=spf1; ..."); "" if none."""
    clean = _readable(text).translate(_TYPOGRAPHY)
    match = _ALMOST.match(clean[:4000])
    if is_spf(text) or match is None:
        return ""
    meant = repaired(parse("v=spf1 " + re.sub(r"[\s;\"'\\]+", " ", match[1]).strip()))
    return meant if parse(meant).mechanisms else ""


def _ordered(words: list[str]) -> str:
    """Join words to a record; an "all" that stands too early moves to the end, and the mildest of several wins."""
    terms = [parse_term(word) for word in words]
    ends = [term for term in terms if isinstance(term, Mechanism) and term.name == "all"]
    kept = [word for word, term in zip(words, terms, strict=True) if not (term in ends or (ends and _is(term, "redirect")))]
    last = min(ends, key=lambda term: "+?~-".index(term.qualifier)).text if ends else ""
    return " ".join(["v=spf1", *kept, *([last] if last else [])])


def _is(term: Term | Kind, modifier: str) -> bool:
    return isinstance(term, Modifier) and term.name == modifier


def _fixed(problem: Problem) -> str | None:  # noqa: PLR0911 - one line for each kind of mistake
    """Return what should stand in the place of a problem's term, "" for nothing, None if that cannot be told."""
    word = problem.text
    if problem.kind in (Kind.AFTER_ALL, Kind.REDIRECT_IGNORED):
        return word  # `_ordered` puts it right
    if problem.kind is Kind.SECOND_VERSION:
        return ""
    if problem.kind is Kind.SPACE_INSIDE:
        return _checked(word.replace(" ", "")) or _checked(word.replace(" ", ":", 1))
    if problem.kind is Kind.EQUALS_SIGN:
        return _checked(word.replace("=", ":", 1))
    if problem.kind in (Kind.NON_ASCII, Kind.CONTROL):
        return _each(re.split(r"[\x00-\x20\x7f]+", _readable(word).translate(_TYPOGRAPHY)))
    if problem.kind in (Kind.COMMA, Kind.ODD_DOMAIN):
        return _separated(word)
    return _checked(_respelt(word, problem.kind)) if len(word) <= MAX_WORD else None


def _readable(text: str) -> str:
    """Undo "one character per byte", where the bytes are UTF-8."""
    try:
        return text.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return text


def _checked(word: str) -> str | None:
    return word if word and not isinstance(parse_term(word), Kind) else None


def _each(words: list[str]) -> str | None:
    fixed = [_checked(word) or _checked(_respelt(word, Kind.UNKNOWN_MECHANISM)) for word in words[:MAX_TERMS] if word]
    return " ".join(word for word in fixed if word) if all(fixed) else None


def _separated(word: str) -> str | None:
    """Split at commas; a part without a mechanism gets that of the part before it ("ip4:192.0.2.1,192.0.2.2")."""
    found: list[str] = []
    mechanism = ""
    for part in word.split(",")[:MAX_TERMS]:
        term = parse_term(part)
        fixed = (
            part
            if not isinstance(term, Kind)
            else _checked(f"{mechanism}{part}") or _checked(_respelt(part, Kind.UNKNOWN_MECHANISM))
        )
        if part and not fixed:
            return None
        found.append(fixed or "")
        mechanism = found[-1].partition(":")[0] + ":" if ":" in found[-1] else mechanism
    return " ".join(filter(None, found))


def _respelt(word: str, kind: Kind) -> str:
    """Return another spelling of a word that is no term; whether it helps is for the caller to check."""
    trimmed = word.strip(";.,\"'\\")
    qualifier, name, rest = re.fullmatch(r"([+?~-]?)([^:=/]*)(.*)", trimmed, re.DOTALL).groups()  # type: ignore[union-attr]
    lowered = name.lower()
    bare = trimmed.lstrip("+?~-")
    if kind is Kind.ADDRESS_FOR_NAME or (kind is Kind.UNKNOWN_MECHANISM and _ADDRESS.match(bare)):
        address = rest.removeprefix(":") if kind is Kind.ADDRESS_FOR_NAME else bare
        return f"{qualifier}ip{'6' if ':' in address else '4'}:{address}"
    if kind in (Kind.BAD_IP4, Kind.BAD_IP6):
        return _readdressed(qualifier, lowered, rest.removeprefix(":"))
    if kind is Kind.ALL_ARGUMENT:
        return f"{qualifier}all"
    if lowered in ("redirect", "exp") and rest[:1] == ":":
        return f"{lowered}={rest[1:]}"
    if kind is Kind.UNKNOWN_MECHANISM and lowered not in MECHANISMS:
        near = _ALIASES.get(lowered) or next(iter(difflib.get_close_matches(lowered[:20], MECHANISMS, 1, 0.7)), "")
        return f"{qualifier}{near}{rest}" if near else ""
    return trimmed


def _readdressed(qualifier: str, name: str, address: str) -> str:
    other = "ip6" if name == "ip4" else "ip4"
    plain = ".".join(
        str(int(part)) if part.isdigit() and len(part) <= 3 else part for part in address.partition("/")[0].split(".")
    )
    candidates = (
        f"{qualifier}{name}:{plain}{''.join(address.partition('/')[1:])}",
        f"{qualifier}{other}:{address}",
        f"{qualifier}a:{address}",
    )
    return next((word for word in candidates if _checked(word)), "")
