"""Encryption as a real Postfix does it: what is told of its certificates and versions, beside what openssl itself says."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from .fixtures import session_lab as session_lab  # noqa: PLC0414 - the fixture
from .lab import Lab
from .listeners import ISSUER_PLACE
from .names import SMTP_HOST, Port
from .test_program import NOT_READY, READY, Outcome, mapped, run, settings

pytestmark = pytest.mark.lab
SECONDS = 20.0


def looked_at(lab: Lab, folder: Path, listener: Port) -> Outcome:
    return run(lab, "check", str(settings(folder, lab)), *mapped(lab, listener))


def openssl(lab: Lab, listener: Port, *options: str) -> str:
    """Return what `openssl s_client` says of a listener."""
    address = f"127.0.0.1:{lab.ports[listener]}"
    usual = ["-connect", address, "-starttls", "smtp", "-CAfile", str(lab.ca_file), "-verify_hostname", SMTP_HOST]
    command = ["openssl", "s_client", *usual, *options]
    done = subprocess.run(command, input="", capture_output=True, text=True, check=False, timeout=SECONDS)
    return done.stdout + done.stderr


def test_a_sound_server_has_nothing_to_hide(lab: Lab, tmp_path: Path) -> None:
    """The chain is whole, both sets of rules hold, old versions are refused: no note about encryption."""
    outcome = looked_at(lab, tmp_path, Port.SUBMISSION_NEW_TLS)
    assert (outcome.bad, outcome.code) == (set(), READY)
    assert not [code for code in outcome.findings("note") if code.startswith("tls.")]
    passed = outcome.findings("pass")
    assert {"tls.certificate-chain-complete", "tls.certificate-strictly-valid", "tls.certificate-strong"} <= passed.keys()
    assert "certificates sent: 2" in passed["tls.certificate-chain-complete"]
    assert "Verify return code: 0 (ok)" in openssl(lab, Port.SUBMISSION_NEW_TLS, "-x509_strict")


def test_a_missing_intermediate_is_told_apart_from_an_unknown_issuer(lab: Lab, tmp_path: Path) -> None:
    """The certificate says where its issuer's lies; one alarm, and no login."""
    outcome = looked_at(lab, tmp_path, Port.SUBMISSION_NO_CHAIN_LINKED)
    assert (outcome.bad, outcome.code) == ({"tls.intermediate-missing"}, NOT_READY)
    assert "Lab Issuing CA" in outcome.findings("fail")["tls.intermediate-missing"]
    assert ISSUER_PLACE in str(outcome.report)
    assert "unable to get local issuer certificate" in openssl(lab, Port.SUBMISSION_NO_CHAIN_LINKED)


def test_a_formal_flaw_is_told_with_both_results(lab: Lab, tmp_path: Path) -> None:
    """The program openssl accepts it, and refuses it with -x509_strict; so do we, without a second connection, and mail can flow."""
    outcome = looked_at(lab, tmp_path, Port.SUBMISSION_FORMAL_FLAW)
    assert (outcome.bad, outcome.code) == (set(), READY)
    assert "no Authority Key Identifier" in outcome.findings("note")["tls.certificate-formal-flaw"]
    assert "Verify return code: 0 (ok)" in openssl(lab, Port.SUBMISSION_FORMAL_FLAW)
    assert "Missing Authority Key Identifier" in openssl(lab, Port.SUBMISSION_FORMAL_FLAW, "-x509_strict")


def test_old_versions_beside_the_new_ones_are_a_note(lab: Lab, tmp_path: Path) -> None:
    """Postfix as it comes: TLS 1.0 and 1.1 are named as openssl finds them; the check itself uses TLS 1.3."""
    outcome = looked_at(lab, tmp_path, Port.SUBMISSION)
    assert (outcome.bad, outcome.code) == (set(), READY)
    assert "TLS 1.1 and TLS 1.0" in outcome.findings("note")["tls.outdated-version-accepted"]
    assert "TLS 1.3" in outcome.findings("pass")["tls.current-version"]
    assert "TLSv1.1" in openssl(lab, Port.SUBMISSION, "-tls1_1", "-cipher", "ALL:@SECLEVEL=0")


def test_another_port_is_named_where_the_configured_one_is_closed(lab: Lab, tmp_path: Path) -> None:
    """587 is closed, 465 answers: the settings to change are in the steps, and the closed port stays the one alarm."""
    maps = ["--port-map", "587:1", "--port-map", f"465:{lab.ports[Port.SMTPS]}"]
    outcome = run(lab, "check", str(settings(tmp_path, lab)), *maps)
    assert (outcome.bad, outcome.code) == ({"port.refused"}, NOT_READY)
    assert "465 with TLS from the first byte" in outcome.findings("note")["port.alternative"]
    assert 'set port = 465 and security = \\"implicit-tls\\"' in str(outcome.report).replace('"', '\\"')
