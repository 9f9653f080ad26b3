"""What the dmarc rules share: who counts as a bulk sender, and which record to propose."""

from __future__ import annotations

from checks.model import Action, DnsChange, Status
from checks.records.org_domain import by_suffix_list
from checks.settings import Volume

BULK = 5_000
"""Messages a day to one receiver. Gmail (since February 2024, https://support.google.com/a/answer/81126) and Outlook.com (since
May 2025) then require SPF, DKIM and DMARC, and refuse mail without."""
BULK_REFERENCE = "https://support.google.com/a/answer/81126"


def is_bulk(volume: Volume) -> bool:
    """Tell whether one mailing alone can make the domain a bulk sender."""
    return (volume.recipients_per_mailing or 0) >= BULK


def by_volume(volume: Volume) -> Status:
    """Return how a missing requirement of bulk senders weighs: for few recipients some mail suffers, for many it is refused."""
    return Status.FAIL if is_bulk(volume) else Status.WARN


def first_record(domain: str, action: Action = Action.ADD) -> DnsChange:
    """Return the record to begin with: it changes nothing for anybody's mail and asks for reports. No pct, rf, ri (RFC 9989)."""
    return DnsChange(action=action, name=f"_dmarc.{domain}", type="TXT", value=f"v=DMARC1; p=none; rua=mailto:postmaster@{domain}")


def best_place(domain: str) -> str:
    """Return where a missing record belongs: at the organisation's domain, where it serves every sub-domain and every receiver."""
    return by_suffix_list(domain)
