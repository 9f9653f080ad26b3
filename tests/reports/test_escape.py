"""What cannot be seen, or does something, is written out; nothing else is touched. Links lead only where we mean them to."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports.escape import MAX_LINE, block, door, line, visible
from reports.links import local, reference


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("v=spf1 -all", "v=spf1 -all"),
        ("Grüße, 東京, Ω", "Grüße, 東京, Ω"),
        ("\x1b]0;title\x07", "\\u001b]0;title\\u0007"),
        ("a\u202eb\u2066c\u200bd\ufeff", "a\\u202eb\\u2066c\\u200bd\\ufeff"),
        ("a\r\nb\tc", "a\\u000d\\u000ab\\u0009c"),
        ("\x7f\x85\x9b31m", "\\u007f\\u0085\\u009b31m"),
        ("no\u00a0break", "no\\u00a0break"),
        ("\U000e0041", "\\U000e0041"),
        ("\udc80", "\\udc80"),
        ("e\u0301", "e\u0301"),
        ("e" + "\u0301" * 5, "e" + "\u0301" * 3 + "\\u0301\\u0301"),
    ],
)
def test_what_cannot_be_seen_is_written_out(text: str, shown: str) -> None:
    assert visible(text) == shown


@given(st.text())
def test_the_result_has_no_character_that_acts_and_stays_the_same(text: str) -> None:
    """Applying it twice changes nothing: every door may apply it."""
    shown = visible(text)
    assert visible(shown) == shown
    assert not any(
        unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp") or unicodedata.bidirectional(char) in BIDI for char in shown
    )


BIDI = {"LRE", "RLE", "PDF", "LRO", "RLO", "LRI", "RLI", "FSI", "PDI"}


def test_lines_stay_lines_only_where_they_are_wanted() -> None:
    assert visible("a\nb\rc", lines=True) == "a\nb\\u000dc"
    assert block("a\nb") == "a\nb"
    assert line("a\nb") == "a\\u000ab"


def test_a_giant_value_is_cut_and_its_length_said() -> None:
    """60 KB do not flood a page; the whole is in report.json."""
    shown = line("x" * 60_000)
    assert len(shown) < MAX_LINE + 100
    assert "60,000 characters in all" in shown


def test_the_door_leaves_numbers_and_finished_markup_alone() -> None:
    assert door(5) == 5
    assert door("\x1b") == "\\u001b"


@pytest.mark.parametrize(
    ("text", "href"),
    [
        ("RFC 7208", "https://www.rfc-editor.org/rfc/rfc7208"),
        ("RFC 7208 section 4.6.4", "https://www.rfc-editor.org/rfc/rfc7208#section-4.6.4"),
        ("RFC 7208 appendix A", "https://www.rfc-editor.org/rfc/rfc7208#appendix-A"),
        ("https://learn.microsoft.com/a?b=c#d", "https://learn.microsoft.com/a?b=c#d"),
        ("http://example.org/", ""),
        ("javascript:alert(1)", ""),
        ("data:text/html,x", ""),
        ("//host/x", ""),
        ("file:///etc/passwd", ""),
        ("https://user:pw@example.org/", ""),
        ("https://example.org/\u202e", ""),
        ('https://example.org/"onclick=', ""),
        ("https://example.org/a b", ""),
        (" https://example.org/", ""),
        ("https://example.org/\n", ""),
        ("RFC 7208 section 4\n", ""),
        ("https://" + "a" * 600, ""),
    ],
)
def test_a_reference_becomes_a_link_only_if_it_is_exactly_that(text: str, href: str) -> None:
    assert reference(text).href == href


@pytest.mark.parametrize(
    ("path", "href"),
    [
        ("club.example/report.html", "./club.example/report.html"),
        ("javascript:alert(1)", "./javascript%3Aalert%281%29"),
        ("//host/x", ""),
        ("/etc/passwd", ""),
        ("../x", ""),
        ("a/../../x", ""),
        ("a\\b", ""),
        ("", ""),
        ("a b?c#d", "./a%20b%3Fc%23d"),
    ],
)
def test_a_page_links_only_to_files_beside_it(path: str, href: str) -> None:
    assert local(path) == href
