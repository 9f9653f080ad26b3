"""Which reverse names look made up. Names that people chose must never do."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.records.host_name import Look, look_of

V4 = "192.0.2.10"
V6 = "2001:db8::10"


@pytest.mark.parametrize(
    ("name", "address", "look"),
    [
        ("mail.club.example", V4, Look.CHOSEN),
        ("club.example", V4, Look.CHOSEN),
        ("mx1.dyn.example", V4, Look.CHOSEN),
        ("server10.club.example", V4, Look.CHOSEN),
        ("vps-2026-10.club.example", V4, Look.CHOSEN),
        ("a10-192.smtp-out.service.example", V4, Look.CHOSEN),
        ("mta-192-0-2-10.service.example", V4, Look.CHOSEN),
        ("ip2.club.example", V4, Look.CHOSEN),
        ("deadbeef.club.example", V4, Look.CHOSEN),
        ("adynamicclub.office.club.example", V4, Look.CHOSEN),
        ("2001.club.example", V6, Look.CHOSEN),
        ("static.10.2.0.192.clients.provider.example", V4, Look.FROM_ADDRESS),
        ("ip-192-0-2-10.compute.cloud.example", V4, Look.FROM_ADDRESS),
        ("192.0.2.10.provider.example", V4, Look.FROM_ADDRESS),
        ("host192000002010.provider.example", V4, Look.FROM_ADDRESS),
        ("c000020a.net.provider.example", V4, Look.FROM_ADDRESS),
        ("pc000020a.net.provider.example", V4, Look.FROM_ADDRESS),
        ("p4fe3a1b2.dip0.provider.example", "79.227.161.178", Look.DYNAMIC),
        ("dslb-192-000-002-010.pools.provider.example", V4, Look.DYNAMIC),
        ("cpe-1.dynamic.provider.example", V4, Look.DYNAMIC),
        ("2001-db8--10.provider.example", V6, Look.FROM_ADDRESS),
        ("20010db8000000000000000000000010.v6.provider.example", V6, Look.FROM_ADDRESS),
        ("0.1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.v6.provider.example", V6, Look.FROM_ADDRESS),
        ("", V4, Look.CHOSEN),
        ("192.0.2.10", "no address", Look.CHOSEN),
    ],
)
def test_look(name: str, address: str, look: Look) -> None:
    assert look_of(name, address) is look


@given(st.text(max_size=300), st.ip_addresses().map(str))
def test_any_text_has_a_look(name: str, address: str) -> None:
    assert isinstance(look_of(name, address), Look)
