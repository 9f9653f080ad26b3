"""How name servers are named on the command line and found on the computer."""

from __future__ import annotations

import pytest

from checks.gather.dns import parse_nameserver, system_nameservers


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("192.0.2.53", ("192.0.2.53", 53)),
        (" 127.0.0.1:5353 ", ("127.0.0.1", 5353)),
        ("2001:db8::53", ("2001:db8::53", 53)),
        ("::1", ("::1", 53)),
        ("[::1]", ("::1", 53)),
        ("[2001:DB8::53]:5353", ("2001:db8::53", 5353)),
        ("[fe80::1%eth0]:53", ("fe80::1%eth0", 53)),
    ],
)
def test_forms_that_are_read(text: str, expected: tuple[str, int]) -> None:
    assert parse_nameserver(text) == expected


@pytest.mark.parametrize(
    "text",
    ["", "ns.example", "ns.example:53", "192.0.2.53:", "192.0.2.53:0", "192.0.2.53:65536", "192.0.2.53:dns", "[192.0.2.53]:53",
     "[::1]:x", "[::1", "::1]:53", "192.0.2", "192.0.2.53:٥٣", "192.0.2.53:53:53", "https://192.0.2.53/"],
)  # fmt: skip
def test_forms_that_are_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(ValueError, match=r"like 192\.0\.2\.53|from 1 to 65535"):
        parse_nameserver(text)


def test_the_computer_s_own_servers_are_addresses_with_ports() -> None:
    """Whatever is configured here, none included."""
    for address, port in system_nameservers():
        assert parse_nameserver(f"[{address}]:{port}" if ":" in address else f"{address}:{port}") == (address, port)
