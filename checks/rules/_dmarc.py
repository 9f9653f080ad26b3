"""What the dmarc rules share: who counts as a bulk sender, and which record to propose."""

from __future__ import annotations

import re

from checks.evidence import Evidence
from checks.model import Action, Status
from checks.records.dmarc import REMOVED, DmarcRecord, Policy, is_dmarc, parse_dmarc
from checks.records.dmarc_uri import ReportUri, parse_uris
from checks.records.dmarc_walk import probe_at
from checks.records.org_domain import by_suffix_list
from checks.records.tags import Tag, parse_tags
from checks.rules._alias import Mending, mending_at
from checks.rules._bulk import is_bulk
from checks.settings import Volume

BULK_REFERENCE = "https://support.google.com/a/answer/81126"
LONGEST_SHOWN = 500  # characters of a published record that a finding repeats
_HEAD = re.compile(r"[\s\"']*v\s*=\s*[\"']?\s*dmarc\s*1[\"'\\]?\s*[;,:]?\s*", re.IGNORECASE)
_BARE = re.compile(r"[A-Za-z0-9._+-]{1,64}@[A-Za-z0-9.-]{1,253}\Z")  # nothing that a URI would have to escape (RFC 3986)
_PLAIN = re.compile(r"[\x20-\x7e]*\Z")


def by_volume(volume: Volume) -> Status:
    """Return how a missing requirement of bulk senders weighs: for few recipients some mail suffers, for many it is refused."""
    return Status.FAIL if is_bulk(volume) else Status.WARN


def first_record(domain: str) -> str:
    """Return the record to begin with: it changes nothing for anybody's mail and asks for reports. No pct, rf, ri (RFC 9989)."""
    return f"v=DMARC1; p=none; rua=mailto:postmaster@{domain}"


def mending(domain: str, value: str, ev: Evidence, action: Action = Action.REPLACE) -> Mending:
    """Return how to publish `value` at _dmarc below a domain: beside an alias there is no room for it (RFC 1034 section 3.6.2)."""
    return mending_at(probe_at(domain).name, value, ev, action)


def best_place(domain: str) -> str:
    """Return where a missing record belongs: at the organisation's domain, where it serves every sub-domain and every receiver."""
    return by_suffix_list(domain)


def tidy(record: DmarcRecord, policy: Policy | None = None) -> str:
    """Write a record anew: p= second, as old readers want it; without removed tags and without what receivers skip as wrong.

    `policy`: instead of what receivers read.
    """
    wrong = {problem.position for problem in record.problems if problem.kind.startswith("bad-")}
    addresses = {name: ",".join(filter(None, map(_sent_to, uris))) for name, uris in (("rua", record.rua), ("ruf", record.ruf))}
    kept = {"v": "DMARC1", "p": str(policy or record.policy)}
    for tag in parse_tags(record.text).tags:
        name = tag.name.lower()
        value = addresses.get(name, tag.value)
        if (
            name not in kept
            and name not in REMOVED
            and value
            and _PLAIN.match(value)
            and (name in addresses or tag.value_position not in wrong)
        ):
            kept[name] = value
    return "; ".join(f"{name}={value}" for name, value in kept.items())


def _sent_to(uri: ReportUri) -> str:
    """Return a destination as receivers read it: a plain address only lacks mailto: (RFC 9989 section 4.6); what else is wrong is left out."""
    if not uri.fault:
        return uri.text
    (mended,) = parse_uris(Tag(name="rua", value=f"mailto:{uri.text}", position=0, value_position=0), []) or (uri,)
    return mended.text if _BARE.match(uri.text) and not mended.fault else ""


def repaired(text: str) -> str:
    """Return a record whose beginning was miswritten with the right beginning, or nothing if it is not sure what was meant."""
    head = _HEAD.match(text)
    if head is None:
        return ""
    mended = ("v=DMARC1; " + text[head.end() :]).strip().strip("\"'").replace("\\;", ";")
    record = parse_dmarc(mended)
    sure = _PLAIN.match(mended) and is_dmarc(mended) and record.policy_given and record.usable
    return tidy(record) if sure else ""
