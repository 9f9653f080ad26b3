"""What a person is told to enter where a certificate is for another name."""

from __future__ import annotations

import tomllib

from tests.rules.test_cases import CASES, run_case


def test_a_pattern_is_never_proposed_as_a_host() -> None:
    """Nobody can connect to *.example."""
    cases = tomllib.loads((CASES / "tls_certificate_name.toml").read_text("utf-8"))["case"]
    told = {
        case["name"]: " ".join(finding.remedy.steps)
        for case in cases
        for finding in run_case("tls_certificate_name", case)
        if finding.code == "tls.certificate-name-mismatch" and finding.remedy
    }
    assert "called www.provider.example and provider.example, put" in told["another name"]
    assert "*" not in "".join(told.values())
    assert "stands for one word" in told["a pattern of names that does not fit"]
