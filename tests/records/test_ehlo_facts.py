"""What EHLO lines state: sizes and limits, whatever a server writes there."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.records.ehlo_facts import Limits, Size, limits_of, size_of


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("35882577", Size(octets=35882577)),
        ("0", Size()),
        ("", Size()),
        ("  10240000 ", Size(octets=10240000)),
        ("00012", Size(octets=12)),
        ("10MB", Size(readable=False)),
        ("-1", Size(readable=False)),
        ("1 2", Size(readable=False)),
        ("9" * 21, Size(readable=False)),
        ("\N{ARABIC-INDIC DIGIT FIVE}", Size(readable=False)),
    ],
)
def test_size(text: str, size: Size) -> None:
    """RFC 1870 section 4: a number of up to 20 digits, 0 for no stated limit."""
    assert size_of(text) == size


@pytest.mark.parametrize(
    ("text", "limits"),
    [
        ("", Limits()),
        ("RCPTMAX=100", Limits(recipients=100)),
        ("rcptmax=100 MailMax=5 RCPTDOMAINMAX=1", Limits(recipients=100, mails=5, domains=1)),
        ("RCPTMAX=100 RCPTMAX=5", Limits(recipients=100)),
        ("FUTURE=x;y FLAG RCPTMAX=3", Limits(recipients=3)),
        ("RCPTMAX=0", Limits(unreadable=("RCPTMAX=0",))),
        ("RCPTMAX MAILMAX=ten", Limits(unreadable=("RCPTMAX", "MAILMAX=ten"))),
        ("MAILMAX=1234567", Limits(unreadable=("MAILMAX=1234567",))),
    ],
)
def test_limits(text: str, limits: Limits) -> None:
    """RFC 9422: unknown names are passed over, a known one without a number is named."""
    assert limits_of(text) == limits


@given(st.text(max_size=200))
def test_any_text_is_survived(text: str) -> None:
    """No line of a stranger is an exception, and no number is out of bounds."""
    size_of(text)
    found = limits_of(f"RCPTMAX={text}")
    assert found.recipients is None or 0 < found.recipients < 1_000_000
