"""The table of blocklists: what is a listing, and what is not."""

import pytest

from checks.tables import dates
from checks.tables.blocklists import MUST_BE_LISTED, NEVER_LISTED, blocklists


def test_every_list_has_the_test_entry_among_its_listings_and_errors_apart() -> None:
    """RFC 5782 section 5; an error code is never a listing."""
    for row in blocklists():
        assert row.listed_as([MUST_BE_LISTED])
        assert not row.listed_as([NEVER_LISTED])
        for code in row.error_codes:
            assert row.refusal([code])
            assert not row.listed_as([code])
        assert not row.refusal(row.listings)


@pytest.mark.parametrize("answer", ["127.255.255.252", "127.255.255.254", "127.255.255.255", "127.255.255.1"])
def test_spamhaus_errors_are_no_listings(answer: str) -> None:
    """The whole network of errors is recognised, the documented ones in words."""
    [zen] = [row for row in blocklists() if row.id == "spamhaus-zen"]
    assert zen.refusal([answer])
    assert not zen.listed_as([answer])


def test_an_answer_that_is_no_address_means_nothing() -> None:
    """Strangers' answers never raise."""
    for row in blocklists():
        assert not row.refusal(["", "x", "::1"])
        assert not row.listed_as(["", "x", "::1"])


def test_questions_are_written_as_the_standard_says() -> None:
    """IPv4 by octets, IPv6 by nibbles, both backwards."""
    [zen] = [row for row in blocklists() if row.id == "spamhaus-zen"]
    assert zen.question("192.0.2.25") == "25.2.0.192.zen.spamhaus.org"
    assert zen.question("2001:db8::1").startswith("1.0.0.0.0.0.")
    assert zen.question("2001:db8::1").endswith(".8.b.d.0.1.0.0.2.zen.spamhaus.org")


def test_the_report_tells_how_old_the_table_is() -> None:
    """It is among the tables with a date."""
    assert "blocklists" in dict(dates())
