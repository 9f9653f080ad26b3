"""Small edits of SPF records that keep everything else as published. Pure text work; whether an edit helps is judged elsewhere."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from checks.records.spf import Mechanism, Modifier, Record, Term, parse, parse_term
from checks.records.spf_repair import repaired


def inserted(record: Record, words: Iterable[str], *, first: bool = False) -> str:
    """Insert terms before "all" or the redirect, or at the very beginning; a record without either gets them at its end.

    Those at the beginning come to speak before a term that names the same, so that one goes.
    """
    words = list(words)
    new = " ".join(words)
    if first:
        keys = {term.key[1:] for word in words if isinstance(term := parse_term(word), Mechanism)}
        said = [term.text for term in record.terms if isinstance(term, Mechanism) and term.key[1:] in keys]
        text = without(record, said) if said else record.text
        return f"{text[:6]} {new} {text[6:].lstrip(' ')}".rstrip(" ")
    end = record.all or record.redirect
    if end is None:
        return f"{record.text.rstrip(' ')} {new}"
    return f"{record.text[: end.position]}{new} {record.text[end.position :]}"


def without(record: Record, words: Iterable[str]) -> str:
    """Take out every term that is published as one of `words`."""
    gone = {word.lower() for word in words}
    return " ".join([record.text[:6], *(term.text for term in record.terms if term.text.lower() not in gone)])


def replaced(record: Record, words: Iterable[str], by: Iterable[str]) -> str:
    """Put new terms in the place of the first one that is published as one of `words`, and take the others out."""
    gone = {word.lower() for word in words}
    new = list(by)
    kept: list[str] = []
    for term in record.terms:
        if term.text.lower() not in gone:
            kept.append(term.text)
        else:
            kept += new
            new = []
    return " ".join([record.text[:6], *kept])


def with_all(record: Record, qualifier: str) -> str:
    """Give the record an "all" of that qualifier, in the place of the one that it has or at its end."""
    if record.all is None:
        return f"{record.text.rstrip(' ')} {qualifier}all"
    start = record.all.position
    return f"{record.text[:start]}{qualifier}all{record.text[start + len(record.all.text) :]}"


def deduplicated(record: Record) -> str:
    """Take out terms that say again what an earlier one said."""
    seen: set[tuple[str, ...]] = set()
    kept: list[str] = []
    for term in record.terms:
        key = term.key if isinstance(term, Mechanism) else (term.text.lower(),)
        if key not in seen:
            kept.append(term.text)
        seen.add(key)
    return " ".join([record.text[:6], *kept])


def merged(texts: Sequence[str]) -> str:
    """Make one record of several: every sender that one of them names, in order, and one "all".

    The "all" is the strictest that they have in common: -all if each ends so, otherwise ~all, which cannot shut anybody out by
    mistake. A redirect becomes an include: beside other terms it would not be reached.
    """
    records = [parse(repaired(parse(text)) or text) for text in texts]
    senders: dict[tuple[str, ...], Mechanism] = {}
    modifiers: dict[str, Modifier] = {}
    for record in records:
        for term in (*record.mechanisms, *_redirected(record)):
            known = senders.get(term.key[1:])
            if term.name != "all" and (known is None or known.qualifier != "+"):
                senders[term.key[1:]] = term
        modifiers.update({term.name: term for term in _others(record.terms) if term.name not in modifiers})
    strict = all(record.all is not None and record.all.qualifier == "-" for record in records)
    words = [*(term.text for term in senders.values()), *(term.text for term in modifiers.values())]
    return " ".join(["v=spf1", *words, "-all" if strict else "~all"])


def _redirected(record: Record) -> tuple[Mechanism, ...]:
    if record.redirect is None:
        return ()
    name = record.redirect.value
    return (Mechanism(qualifier="+", name="include", domain=name, position=0, text=f"include:{name}"),)


def _others(terms: Iterable[Term]) -> list[Modifier]:
    return [term for term in terms if isinstance(term, Modifier) and term.name not in ("redirect", "v")]
