"""The tree walk: which names it asks, what it finds, and that a failure is never taken for "none"."""

import asyncio
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.evidence import Evidence, Missing, Readings, Undetermined
from checks.records.dmarc_walk import MAX_QUERIES, Walk, by_rfc7489, names_walked, organisation_of, tree_walk
from checks.records.org_domain import aligned, by_suffix_list, is_public_suffix, is_within
from tests.fakes.zone import ZoneWorld


def gathered(start: str, zone: str, faults: Mapping[str, str] | None = None) -> Evidence:
    """Evidence with everything that a walk from `start` asks."""
    world = ZoneWorld(zone, origin="", faults=faults)
    readings: Readings = {}
    for ask in (tree_walk, by_rfc7489):
        try:
            ask(start, Evidence(readings))
        except Missing as missing:
            for probe in missing.probes:
                readings[probe] = asyncio.run(world(probe, 1.0))
        except Undetermined:
            continue
    return Evidence(readings)


def walk(start: str, zone: str, faults: Mapping[str, str] | None = None) -> Walk:
    return tree_walk(start, gathered(start, zone, faults))


NONE, REJECT = 'TXT "v=DMARC1; p=none"', 'TXT "v=DMARC1; p=reject"'


def test_names_of_a_long_domain() -> None:
    """A name of more than eight labels is cut to its last seven after the first query (RFC 9989 section 4.10)."""
    assert names_walked("a.b.c.d.e.f.g.h.i.j.mail.club.example") == (
        "a.b.c.d.e.f.g.h.i.j.mail.club.example",
        "g.h.i.j.mail.club.example",
        "h.i.j.mail.club.example",
        "i.j.mail.club.example",
        "j.mail.club.example",
        "mail.club.example",
        "club.example",
        "example",
    )


@given(st.lists(st.sampled_from(["a", "b", "mail", "co"]), min_size=1, max_size=40).map(".".join))
def test_never_more_than_eight_queries(domain: str) -> None:
    """However long the name, the walk is bounded, begins at the domain and ends at the top."""
    names = names_walked(domain)
    assert len(names) <= MAX_QUERIES
    assert names[0] == domain
    assert names[-1] == domain.rpartition(".")[2]


def test_own_record() -> None:
    """The domain's own record holds."""
    found = walk("club.example", f"_dmarc.club.example. {NONE}")
    assert found.policy is not None
    assert (found.policy.domain, found.organisation, found.inherited) == ("club.example", "club.example", False)


def test_inherited_from_the_organizational_domain() -> None:
    """The record with the fewest labels is the organizational domain's, and holds for names without one."""
    found = walk("a.mail.club.example", f"_dmarc.club.example. {REJECT}\n_dmarc.mail.club.example. {NONE}")
    assert found.policy is not None
    assert (found.policy.domain, found.organisation, found.inherited) == ("club.example", "club.example", True)


def test_own_record_with_the_parents_organisation() -> None:
    """A sub-domain's own record holds for it, and still the parent is its organization."""
    found = walk("mail.club.example", f"_dmarc.club.example. {REJECT}\n_dmarc.mail.club.example. {NONE}")
    assert found.policy is not None
    assert (found.policy.domain, found.organisation) == ("mail.club.example", "club.example")


def test_psd_n_ends_the_walk() -> None:
    """psd=n says: here is the organizational domain."""
    found = walk("mail.club.example", f'_dmarc.club.example. {REJECT}\n_dmarc.mail.club.example. TXT "v=DMARC1; p=none; psd=n"')
    assert found.organisation == "mail.club.example"
    assert len(found.places) == 1


def test_psd_y_marks_the_domain_below() -> None:
    """psd=y says: the organizational domain is one label below; without a record of its own, the suffix's holds."""
    found = walk("mail.club.bank", '_dmarc.bank. TXT "v=DMARC1; p=reject; psd=y"')
    assert found.policy is not None
    assert (found.organisation, found.policy.domain) == ("club.bank", "bank")


def test_psd_y_at_the_start() -> None:
    """A public suffix that sends mail itself is its own organization."""
    found = walk("bank", '_dmarc.bank. TXT "v=DMARC1; p=reject; psd=y"')
    assert found.organisation == "bank"
    assert found.policy is not None


def test_several_records_are_none() -> None:
    """Several records at one name are discarded, and the walk goes on (RFC 9989 section 4.10)."""
    found = walk(
        "mail.club.example",
        f"_dmarc.mail.club.example. {NONE}\n_dmarc.mail.club.example. {REJECT}\n_dmarc.club.example. {REJECT}",
    )
    assert found.policy is not None
    assert found.policy.domain == "club.example"
    assert len(found.own.records) == 2


def test_no_record_anywhere() -> None:
    """Without any record the domain is its own organization."""
    found = walk("mail.club.example", "club.example. A 192.0.2.1")
    assert found.policy is None
    assert found.organisation == "mail.club.example"


@pytest.mark.parametrize("state", ["servfail", "timeout", "refused", "bogus"])
def test_failure_at_the_domain_does_not_fall_through(state: str) -> None:
    """A domain that cannot be read is never given its parent's record."""
    faults = {"dns _dmarc.mail.club.example TXT": state}
    with pytest.raises(Undetermined):
        walk("mail.club.example", f"_dmarc.club.example. {REJECT}", faults)


def test_failure_at_the_parent() -> None:
    """A parent that cannot be read leaves a domain without record undetermined, and one with a record alone."""
    faults = {"dns _dmarc.club.example TXT": "timeout"}
    with pytest.raises(Undetermined):
        walk("mail.club.example", "mail.club.example. A 192.0.2.1", faults)
    found = walk("mail.club.example", f"_dmarc.mail.club.example. {NONE}", faults)
    assert found.policy is not None
    with pytest.raises(Undetermined):
        organisation_of(found)


def test_failure_at_a_public_suffix_changes_nothing() -> None:
    """A name server that refuses names above its zone does not make the zone's own answer doubtful."""
    faults = {"dns _dmarc.example TXT": "refused"}
    assert organisation_of(walk("club.example", f"_dmarc.club.example. {NONE}", faults)) == "club.example"
    assert walk("club.example", "club.example. A 192.0.2.1", faults).policy is None


def test_the_older_way() -> None:
    """RFC 7489 asks the domain and its organizational domain by the list, nothing between."""
    zone = f"_dmarc.mail.club.co.uk. {NONE}"
    ev = gathered("a.mail.club.co.uk", zone)
    assert by_rfc7489("a.mail.club.co.uk", ev) is None
    assert tree_walk("a.mail.club.co.uk", ev).policy is not None
    place = by_rfc7489("a.mail.club.co.uk", gathered("a.mail.club.co.uk", f"_dmarc.club.co.uk. {REJECT}"))
    assert place is not None
    assert place.domain == "club.co.uk"


def test_the_older_way_ends_at_several_records() -> None:
    """Several records at the domain end the older search (RFC 7489 section 6.6.3)."""
    zone = f"_dmarc.mail.club.example. {NONE}\n_dmarc.mail.club.example. {REJECT}\n_dmarc.club.example. {REJECT}"
    assert by_rfc7489("mail.club.example", gathered("mail.club.example", zone)) is None


def test_suffix_list() -> None:
    """The list knows co.uk; an unknown top level counts as suffix."""
    assert by_suffix_list("a.b.club.co.uk") == "club.co.uk"
    assert by_suffix_list("mail.club.example") == "club.example"
    assert by_suffix_list("co.uk") == "co.uk"
    assert is_public_suffix("co.uk")
    assert not is_public_suffix("club.co.uk")
    assert is_within("a.club.example", "club.example")
    assert not is_within("aclub.example", "club.example")


def test_alignment() -> None:
    """Equal domains always align, others only if relaxed and of one organization."""
    assert aligned("a.example", "a.example", strict=True, author_organisation="x", other_organisation="y")
    assert aligned(
        "a.club.example", "b.club.example", strict=False, author_organisation="club.example", other_organisation="club.example"
    )
    assert not aligned(
        "a.club.example", "club.example", strict=True, author_organisation="club.example", other_organisation="club.example"
    )
    assert not aligned(
        "club.example", "other.example", strict=False, author_organisation="club.example", other_organisation="other.example"
    )
