"""Which addresses are public, row by row of the registries."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.records.address import BLOCKS, Kind, kind, special


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("9.9.9.9", Kind.PUBLIC),
        ("192.0.1.255", Kind.PUBLIC),
        ("172.32.0.1", Kind.PUBLIC),
        ("2a00:1450:4001::1b", Kind.PUBLIC),
        ("2620:fe::fe", Kind.PUBLIC),
        ("0.0.0.0", Kind.RESERVED),  # noqa: S104 - an address to judge, not to listen on
        ("10.1.2.3", Kind.PRIVATE),
        ("100.64.0.1", Kind.PRIVATE),
        ("127.0.0.53", Kind.LOOPBACK),
        ("169.254.169.254", Kind.LINK_LOCAL),
        ("172.31.255.255", Kind.PRIVATE),
        ("192.0.0.8", Kind.RESERVED),
        ("192.0.2.10", Kind.DOCUMENTATION),
        ("192.168.1.1", Kind.PRIVATE),
        ("198.19.0.1", Kind.RESERVED),
        ("198.51.100.7", Kind.DOCUMENTATION),
        ("203.0.113.9", Kind.DOCUMENTATION),
        ("224.0.0.1", Kind.RESERVED),
        ("240.0.0.1", Kind.RESERVED),
        ("255.255.255.255", Kind.RESERVED),
        ("::", Kind.RESERVED),
        ("::1", Kind.LOOPBACK),
        ("::127.0.0.1", Kind.LOOPBACK),
        ("::ffff:10.0.0.1", Kind.PRIVATE),
        ("::ffff:9.9.9.9", Kind.RESERVED),
        ("64:ff9b::7f00:1", Kind.LOOPBACK),
        ("64:ff9b::909:909", Kind.RESERVED),
        ("64:ff9b:1::1", Kind.PRIVATE),
        ("100::1", Kind.RESERVED),
        ("2001::1", Kind.RESERVED),
        ("2001:db8::25", Kind.DOCUMENTATION),
        ("2002:7f00:1::", Kind.LOOPBACK),
        ("2002:909:909::1", Kind.RESERVED),
        ("3fff:fff::1", Kind.DOCUMENTATION),
        ("4000::1", Kind.RESERVED),
        ("5f00::1", Kind.RESERVED),
        ("fd12:3456::1", Kind.PRIVATE),
        ("fe80::1", Kind.LINK_LOCAL),
        ("fec0::1", Kind.PRIVATE),
        ("ff02::1", Kind.RESERVED),
    ],
)
def test_kind(address: str, expected: Kind) -> None:
    assert kind(address) is expected


@pytest.mark.parametrize("text", ["", "mx.club.example", "1.2.3", "010.0.0.1", "fe80::1%eth0", "1" * 5000])
def test_what_is_no_address_has_no_kind(text: str) -> None:
    assert kind(text) is None
    assert special(text) is None


@given(st.ip_addresses())
def test_nothing_that_is_public_here_is_set_aside_for_python(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> None:
    """Ours is the stricter list."""
    if kind(str(address)) is Kind.PUBLIC:
        assert address.is_global or str(address).startswith("192.")  # AS112 and other anycast helpers, public to IANA


def test_every_row_has_a_source_and_names_its_own_first_address() -> None:
    for block in BLOCKS:
        assert block.source.startswith("RFC ")
        assert special(str(block.network[0])) is not None
