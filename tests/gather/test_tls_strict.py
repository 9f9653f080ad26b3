"""What newer programs think of a certificate: the same as they say themselves, and no octet leaves the process."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given, settings
from hypothesis import strategies as st

from checks.gather.tls import Trust, certificate_facts
from checks.gather.tls_strict import Opinion, opinion_on
from tests.fakes.certificates import Authority, Leaf, self_signed

HOST = "mx.club.example"


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("strict"))


@pytest.fixture(scope="module")
def trust(root: Authority) -> Trust:
    return Trust(str(root.roots))


@pytest.fixture(scope="module")
def right(root: Authority) -> Leaf:
    return root.issue_formal("right", HOST)


def der(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(Encoding.DER)


def opinion(leaf: Leaf, trust: Trust, *along: Authority, strict: bool = True) -> Opinion | None:
    chain = [leaf.der, *(der(one.certificate) for one in along)]
    with trust.strict() if strict else nullcontext(trust.verifying) as context:
        return opinion_on(chain, certificate_facts(leaf.der).key_type, HOST, context)


def test_formally_right(root: Authority, trust: Trust) -> None:
    """Both sets of rules accept it; with an intermediate, too."""
    issuing = root.intermediate("Issuing")
    assert opinion(root.issue_formal("direct", HOST), trust) == Opinion(holds=True)
    assert opinion(issuing.issue_formal("below", HOST), trust, issuing) == Opinion(holds=True)


def test_an_rsa_key(root: Authority, trust: Trust) -> None:
    """The kind of key does not matter: what is refused is the missing mark of the signing key."""
    found = opinion(root.issue("rsa", HOST, rsa_bits=2048), trust)
    assert found is not None
    assert (found.holds, found.code) == (False, 85)
    assert opinion(root.issue("rsa", HOST, rsa_bits=2048), trust, strict=False) == Opinion(holds=True)


FAULTY: dict[str, tuple[Callable[[Authority, Path], Leaf], int]] = {
    "good": (lambda root, _: root.issue("g", HOST), 0),
    "expired": (lambda root, _: root.issue("e", HOST, days=(-9, -2)), 10),
    "another name": (lambda root, _: root.issue("n", "mail.elsewhere.example"), 62),
    "self-signed": (lambda _, folder: self_signed(folder, "s", HOST), 18),
    "small": (lambda root, _: root.issue("k", HOST, rsa_bits=1024), 66),
    "unknown issuer": (lambda _, folder: Authority(folder, "Nobody").issue("u", HOST), 20),
}


@pytest.mark.parametrize("name", FAULTY)
def test_the_opinion_is_that_of_a_real_handshake(root: Authority, trust: Trust, tmp_path: Path, name: str) -> None:
    """Asked with the usual rules, it says what a client with these rules says on a real connection."""
    make, code = FAULTY[name]
    leaf = make(root, tmp_path)
    found = opinion(leaf, trust, strict=False)
    assert found is not None
    assert found.code == code == asyncio.run(said_on_the_wire(leaf, trust.verifying))


async def said_on_the_wire(leaf: Leaf, context: ssl.SSLContext) -> int:
    """Return the code of a real handshake on loopback; 0 if it succeeds."""
    server = await asyncio.start_server(lambda _reader, writer: writer.close(), "127.0.0.1", 0, ssl=leaf.context())
    async with server:
        port = server.sockets[0].getsockname()[1]
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context, server_hostname=HOST)
        except ssl.SSLCertVerificationError as error:
            return error.verify_code
        writer.close()
        return 0


@pytest.mark.parametrize(
    ("chain", "key_type", "host"),
    [
        ([], "EC", HOST),
        ([b"garbage"], "EC", HOST),
        ([b""], "EC", HOST),
        ([b"0" * 200_000], "EC", HOST),
        ([b"garbage"], "DSA", HOST),
        ([b"garbage"], "unknown", HOST),
        ([b"garbage"], "EC", ".."),
        ([b"garbage"], "EC", ""),
        ([b"garbage"], "EC", "a\0b"),
    ],
)
def test_what_cannot_be_judged_is_no_opinion(trust: Trust, chain: list[bytes], key_type: str, host: str) -> None:
    """Garbage, endless certificates and impossible names end in "not known"."""
    with trust.strict() as context:
        assert opinion_on(chain, key_type, host, context) is None


@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_damaged_certificates_never_raise(right: Leaf, trust: Trust, data: st.DataObject) -> None:
    """Whatever a stranger sends: an opinion or none, and never that a damaged certificate holds."""
    octets = bytearray(right.der)
    for _ in range(data.draw(st.integers(1, 6))):
        place = data.draw(st.integers(0, len(octets) - 1))
        octets[place] ^= data.draw(st.integers(1, 255))
    with trust.strict() as context:
        found = opinion_on([bytes(octets)], "EC", HOST, context)
    assert found is None or not found.holds or bytes(octets) == right.der


def test_what_is_said_does_not_depend_on_our_python(trust: Trust) -> None:
    """Python 3.13 changed the default rules; ours are set, and as they were once the strict ones were lent."""
    stricter = ssl.VERIFY_X509_STRICT | ssl.VERIFY_X509_PARTIAL_CHAIN
    assert not trust.verifying.verify_flags & stricter
    with trust.strict() as context:
        assert context.verify_flags & stricter == stricter
        assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)
    assert not trust.verifying.verify_flags & stricter
