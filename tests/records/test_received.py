"""The way of a message: hops as the usual servers write them, and the address that really sent it."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checks.records.arrived import read_message
from checks.records.received import MAX_HOPS, Chain, Hop, Tls, read_received, sending

DATE = "; Mon, 23 Nov 2026 10:00:02 +0100"
CET = "; Mon, 23 Nov 2026 10:00:{:02d} +0100 (CET)"


def chain(*fields: str) -> Chain:
    return read_received(read_message(b"".join(b"Received: " + one.encode() + b"\r\n" for one in fields) + b"\r\n"))


def hop(field: str) -> Hop:
    return chain(field + DATE).hops[0]


WRITERS = {
    "postfix": (
        (
            "from helo.example (mail.example.org [192.0.2.1])\r\n\t(using TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits)\r\n"
            "\t key-exchange X25519 server-signature RSA-PSS (2048 bits) server-digest SHA256)\r\n\t(No client certificate requested)\r\n"
            "\tby mx.club.example (Postfix) with ESMTPS id 4AbC\r\n\tfor <a@club.example>"
        ),
        (
            "helo.example",
            "mail.example.org",
            "192.0.2.1",
            "mx.club.example",
            "ESMTPS",
            "yes",
            "TLSv1.3",
            "TLS_AES_256_GCM_SHA384",
        ),
    ),
    "postfix, no name, IPv6, not encrypted": (
        "from helo.example (unknown [IPv6:2001:db8::25]) by mx.club.example (Postfix) with ESMTP id 1",
        ("helo.example", "", "2001:db8::25", "mx.club.example", "ESMTP", "no", "", ""),
    ),
    "exim": (
        (
            "from [192.0.2.1] (helo=mail.example.org) by mx.exim.example with esmtps  (TLS1.3) tls TLS_AES_256_GCM_SHA384 (Exim 4.96) "
            "(envelope-from <a@b.example>) id 1rX-0"
        ),
        ("mail.example.org", "", "192.0.2.1", "mx.exim.example", "ESMTPS", "yes", "TLSv1.3", "TLS_AES_256_GCM_SHA384"),
    ),
    "exim, older": (
        (
            "from mail.example.org ([192.0.2.1]:51234 helo=foo.example) by mx.exim.example with esmtpsa "
            "(TLS1.2:ECDHE_RSA_AES_256_GCM_SHA384:256) (Exim 4.92) id 1"
        ),
        ("foo.example", "", "192.0.2.1", "mx.exim.example", "ESMTPSA", "yes", "TLSv1.2", "ECDHE_RSA_AES_256_GCM_SHA384"),
    ),
    "google": (
        (
            "from mail.example.org (mail.example.org. [2a00:1450:4864:20::12d]) by mx.google.com with ESMTPS id a1-2002.2026 "
            "for <x@gmail.com> (version=TLS1_3 cipher=TLS_AES_256_GCM_SHA384 bits=256/256)"
        ),
        (
            "mail.example.org",
            "mail.example.org",
            "2a00:1450:4864:20::12d",
            "mx.google.com",
            "ESMTPS",
            "yes",
            "TLSv1.3",
            "TLS_AES_256_GCM_SHA384",
        ),
    ),
    "google, inside": (
        "by 2002:a05:7412:1234:b0:1:2:3 with SMTP id a2csp1",
        ("", "", "", "2002:a05:7412:1234:b0:1:2:3", "SMTP", "no", "", ""),
    ),
    "microsoft": (
        (
            "from mail.example.org (192.0.2.1) by AM0EUR.mail.protection.outlook.com (10.152.1.1) with Microsoft SMTP Server "
            "(version=TLS1_3, cipher=TLS_AES_256_GCM_SHA384) id 15.20.1.1 via Frontend Transport"
        ),
        (
            "mail.example.org",
            "",
            "192.0.2.1",
            "am0eur.mail.protection.outlook.com",
            "MICROSOFT SMTP SERVER",
            "yes",
            "TLSv1.3",
            "TLS_AES_256_GCM_SHA384",
        ),
    ),
    "microsoft, inside": (
        "from AM6.eurprd04.prod.outlook.com (2603:10a6:20b:1::12) by AM7.eurprd04.prod.outlook.com (2603:10a6:20b:2::1) with HTTPS",
        ("AM6.eurprd04.prod.outlook.com", "", "2603:10a6:20b:1::12", "am7.eurprd04.prod.outlook.com", "HTTPS", "unknown", "", ""),
    ),
    "sendmail": (
        (
            "from helo.example (host.example [192.0.2.1] (may be forged)) (authenticated bits=0) by mx.a.example (8.17.1/8.17.1) with ESMTPSA "
            "id 4 (version=TLSv1.2 cipher=ECDHE-RSA-AES256-GCM-SHA384 bits=256 verify=NO)"
        ),
        ("helo.example", "host.example", "192.0.2.1", "mx.a.example", "ESMTPSA", "yes", "TLSv1.2", "ECDHE-RSA-AES256-GCM-SHA384"),
    ),
    "qmail": (
        "from unknown (HELO mail.example.org) (user@192.0.2.1) by mx.a.example with (AES256-GCM-SHA384 encrypted) SMTP",
        ("mail.example.org", "", "192.0.2.1", "mx.a.example", "SMTP", "yes", "", "AES256-GCM-SHA384"),
    ),
    "yahoo": (
        "from 192.0.2.1  (EHLO mail.example.org) by 10.1.2.3 with SMTPs (version=TLS1_3 cipher=TLS_AES_128_GCM_SHA256)",
        ("mail.example.org", "", "192.0.2.1", "10.1.2.3", "SMTPS", "yes", "TLSv1.3", "TLS_AES_128_GCM_SHA256"),
    ),
    "gmx": (
        "from mail.example.org ([192.0.2.1]) by mx.web.de (mxweb012 [212.227.15.17]) with ESMTPS (Nemesis) id 1M",
        ("mail.example.org", "", "192.0.2.1", "mx.web.de", "ESMTPS", "yes", "", ""),
    ),
    "t-online": (
        "from x.example ([192.0.2.1]) by mailin.t-online.de with (TLSv1.3:TLS_AES_256_GCM_SHA384 encrypted) esmtp id 1abc",
        ("x.example", "", "192.0.2.1", "mailin.t-online.de", "ESMTP", "yes", "TLSv1.3", "TLS_AES_256_GCM_SHA384"),
    ),
    "aiosmtpd and others that say little": (
        "from x.example by y.example",
        ("x.example", "", "", "y.example", "", "unknown", "", ""),
    ),
    "not encrypted, in words": (
        "from x.example (x.example [192.0.2.1] (not encrypted)) by y.example with ESMTP",
        ("x.example", "x.example", "192.0.2.1", "y.example", "ESMTP", "no", "", ""),
    ),
    "a name that is a keyword": (
        "from by (by.example [192.0.2.1]) by with.example with ESMTP",
        ("by", "by.example", "192.0.2.1", "with.example", "ESMTP", "no", "", ""),
    ),
    "IPv4 in IPv6": (
        "from x.example (x.example [IPv6:::ffff:192.0.2.1]) by y.example with SMTP",
        ("x.example", "x.example", "192.0.2.1", "y.example", "SMTP", "no", "", ""),
    ),
    "a comment instead of a hop": ("(qmail 123 invoked by uid 1000)", ("", "", "", "", "", "unknown", "", "")),
}


@pytest.mark.parametrize("writer", WRITERS)
def test_hops(writer: str) -> None:
    """As the usual servers write them."""
    field, expected = WRITERS[writer]
    found = hop(field)
    assert (
        found.from_name, found.reverse_name, found.address, found.by, found.protocol, found.tls, found.tls_version, found.tls_cipher
    ) == expected  # fmt: skip
    assert found.date is not None


def test_id_recipient_and_login() -> None:
    found = hop(WRITERS["postfix"][0])
    assert (found.id, found.recipient, found.authenticated) == ("4AbC", "a@club.example", False)
    assert hop(WRITERS["sendmail"][0]).authenticated


def test_delays() -> None:
    """Seconds per hop; a clock that is behind makes no negative delay; a broken date breaks nothing else."""
    hops = chain(
        "by d.example" + CET.format(30),
        "by c.example" + CET.format(10),
        "by b.example" + CET.format(12),
        "by a.example; sometime",
    )
    assert [(one.delay, one.skew) for one in hops.hops] == [(20.0, 0.0), (0.0, 2.0), (None, 0.0), (None, 0.0)]
    assert hops.total == 18.0
    assert hops.arrived is not None
    assert hops.arrived.second == 30


def test_many_hops() -> None:
    """A loop is cut off, and counted."""
    found = chain(*["by a.example" + DATE] * 150)
    assert (len(found.hops), found.dropped) == (MAX_HOPS, 50)


def where(found: Chain, *hosts: str, **more: object) -> tuple[str, bool] | None:
    result = sending(found, own_hosts=hosts, **more)  # type: ignore[arg-type]
    return (result.address, result.sure) if result else None


OUTSIDE = "from web01 (localhost [127.0.0.1]) by out.club.example with ESMTP" + DATE


def test_the_sending_address_behind_a_filter() -> None:
    """Hops inside the receiver are passed over, whatever they look like."""
    found = chain(
        "from mx.mail.example (mx.mail.example [10.0.0.5]) by store.mail.example with LMTP" + DATE,
        "from localhost (localhost [127.0.0.1]) by mx (Postfix) with ESMTP" + DATE,
        "from out.club.example (out.club.example [192.0.2.1]) by mx.mail.example with ESMTPS" + DATE,
        "from intern.club.example (intern.club.example [198.51.100.9]) by out.club.example with ESMTPSA" + DATE,
    )
    assert where(found, "mail.example") == ("192.0.2.1", True)
    assert where(found) == ("192.0.2.1", False)
    assert where(found, own_hops=3) == ("192.0.2.1", True)
    assert where(found, own_hops=0) is None
    assert where(found, "other.example") is None


def test_the_sending_address_at_google() -> None:
    """A hop without name above it is Google's own."""
    found = chain(WRITERS["google, inside"][0] + DATE, WRITERS["google"][0] + DATE, OUTSIDE)
    assert where(found, "google.com") == ("2a00:1450:4864:20::12d", True)


def test_the_sending_address_at_microsoft() -> None:
    """Microsoft's inner hops have public addresses; each was handed on by a host of its own."""
    found = chain(
        WRITERS["microsoft, inside"][0] + DATE,
        WRITERS["microsoft"][0].replace("AM0EUR.mail.protection", "AM6.eurprd04.prod") + DATE,
        OUTSIDE,
    )
    assert where(found, "outlook.com") == ("192.0.2.1", True)


def test_from_microsoft_to_microsoft_nobody_can_be_sure() -> None:
    found = chain(WRITERS["microsoft, inside"][0] + DATE, WRITERS["microsoft, inside"][0] + DATE)
    assert where(found, "outlook.com") == ("2603:10a6:20b:1::12", True)  # the last hop before nobody
    assert where(found, "outlook.com", own_addresses=["2603:10a6:20b:1::12"]) == ("2603:10a6:20b:1::12", False)


def test_a_client_that_lies_about_its_name() -> None:
    """The name that a client gives itself is believed of nobody whose hop before was not the receiver's."""
    found = chain("from mx.mail.example (liar.example [192.0.2.66]) by mx.mail.example with ESMTP" + DATE, OUTSIDE)
    assert where(found, "mail.example") == ("192.0.2.66", True)


def test_inside_one_network() -> None:
    """A receiver in the same private network, as in a lab."""
    found = chain("from out.club.example (out.club.example [10.0.0.7]) by mx.mail.example with ESMTP" + DATE, OUTSIDE)
    assert where(found, "mail.example") == ("10.0.0.7", True)
    assert where(found) is None


def test_own_relay_by_address() -> None:
    """A filter service in front of the receiver can be named by its address."""
    found = chain(
        "from filter.example (filter.example [198.51.100.5]) by mx.mail.example with ESMTPS" + DATE,
        "from out.club.example (out.club.example [192.0.2.1]) by filter.example with ESMTPS" + DATE,
    )
    assert where(found, "mail.example") == ("198.51.100.5", True)
    assert where(found, "mail.example", "filter.example") == ("192.0.2.1", True)


def test_no_hops() -> None:
    assert chain().hops == ()
    assert chain().total is None
    assert where(chain(), "mail.example") is None


@pytest.mark.parametrize(
    "piece", ["(", "((a)", "[", "1.2.3.4 ", ":", "a.", "TLS", "tls 1", "from ", "(helo ", ";", '"', "\\", "<", "cipher=A"]
)
def test_hostile_fields_cost_little(piece: str) -> None:
    text = "from a (" + piece * 20_000 + ") by b" + DATE
    start = time.process_time()
    chain(text, piece * 20_000)
    assert time.process_time() - start < 2


WORDS = st.sampled_from(
    [
        "from",
        "by",
        "with",
        "via",
        "id",
        "for",
        "tls",
        ";",
        "(",
        ")",
        "[192.0.2.1]",
        "[IPv6:2001:db8::1]",
        "a.example",
        "ESMTPS",
        '"',
        "\\",
        "TLSv1.3",
        "cipher",
        "<a@b>",
        "helo=x",
        "Mon, 23 Nov 2026 10:00:02 +0100",
        "::",
        "fe80::1%eth0",
    ]
)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.lists(WORDS | st.text(max_size=5), max_size=20).map(" ".join), max_size=5), st.sampled_from(["", "a.example"]))
def test_any_chain_is_read(fields: list[str], own: str) -> None:
    """Nothing raises; delays are never negative; the sending hop is one of the chain."""
    raw = b"".join(b"Received: " + " ".join(one.split()).encode() + b"\r\n" for one in fields) + b"\r\n"
    found = read_received(read_message(raw))
    assert all(one.delay is None or one.delay >= 0 for one in found.hops)
    assert all(one.tls in Tls for one in found.hops)
    result = sending(found, own_hosts=[own] if own else [])
    assert result is None or result.hop in found.hops
