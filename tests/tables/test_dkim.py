"""The table of DKIM set-ups fits the table of providers."""

from checks.tables import provider
from checks.tables.dkim import rotation, setup_of, setups


def test_every_row_names_providers_that_exist_and_have_selectors() -> None:
    """A slip in an id would silently take the steps away."""
    for row in setups():
        for name in row.providers:
            known = provider(name)
            assert known is not None, name
            assert known.selectors, name
            assert setup_of(known) is row


def test_steps_name_the_domain() -> None:
    """Every row's steps can be worded for a domain, which they name."""
    assert all(any("club.example" in step for step in row.worded("club.example")) for row in setups())


def test_domains_of_the_provider_itself() -> None:
    """Microsoft signs for the domain that it gives to a customer."""
    row = setup_of(provider("microsoft365"))
    assert row is not None
    assert row.owns("club.onmicrosoft.com")
    assert not row.owns("club.example")


def test_no_provider_no_steps() -> None:
    """Without a recognised provider, or a source, there are no steps."""
    assert setup_of(None) is None
    assert setup_of(provider("mailjet")) is None


def test_aliases_to_microsoft_are_recognised_in_both_forms() -> None:
    """The customer's own part and the letter vary; selector and domain do not."""
    row = setup_of(provider("microsoft365"))
    assert row is not None
    for target in (
        "selector1-club-example._domainkey.club.onmicrosoft.com",
        "selector1-club-example._domainkey.club.n-v1.dkim.mail.microsoft",
    ):
        assert row.fits("Selector1", "club.example", target)
        assert not row.fits("selector2", "club.example", target)
        assert not row.fits("selector1", "other.example", target)
    for target in ("", "selector1-._domainkey.club.onmicrosoft.com", "selector1-club-example._domainkey.keys.example"):
        assert not row.fits("selector1", "club.example", target)
    assert any("selector1-club-example._domainkey" in step for step in row.worded("club.example"))


def test_the_advice_about_the_age_of_keys_says_who_gives_it_and_where_it_was_read() -> None:
    """internet.nl: every six months."""
    row = rotation()
    assert (row.months, row.grade) == (6, "V")
    assert "internet.nl" in row.who
    assert row.sources[0].endswith("/toolbox-wiki/blob/main/DKIM-how-to.md")
