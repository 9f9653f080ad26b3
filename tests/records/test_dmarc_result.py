"""DMARC for one message, by both standards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from checks.records.dmarc import Policy
from checks.records.dmarc_result import DmarcResult, Result, align, evaluate
from tests.records.mail import run

NONE = "v=DMARC1; p=none"


def dmarc(records: Mapping[str, str], author: str = "club.example", *, spf: str = "", dkim: Sequence[str] = ()) -> DmarcResult:
    texts = {f"_dmarc.{name}": [text] for name, text in records.items()}
    return run(lambda ev: evaluate(author, spf=spf, dkim=dkim, ev=ev), texts)


def both(found: DmarcResult) -> tuple[str, str]:
    return found.rfc9989.result.value, found.rfc7489.result.value


@pytest.mark.parametrize(
    ("record", "spf", "dkim", "result"),
    [
        (NONE, "club.example", [], "pass"),
        (NONE, "", ["club.example"], "pass"),
        (NONE, "bounce.club.example", [], "pass"),
        (NONE, "", ["other.example", "news.club.example"], "pass"),
        (NONE, "other.example", ["provider.example"], "fail"),
        (NONE, "", [], "fail"),
        (f"{NONE}; aspf=s", "bounce.club.example", [], "fail"),
        (f"{NONE}; aspf=s", "club.example", [], "pass"),
        (f"{NONE}; adkim=s", "", ["news.club.example"], "fail"),
        (f"{NONE}; adkim=s", "bounce.club.example", [], "pass"),
        ("v=DMARC1", "club.example", [], "none"),
    ],
)
def test_results(record: str, spf: str, dkim: list[str], result: str) -> None:
    """Where both standards agree."""
    found = dmarc({"club.example": record}, spf=spf, dkim=dkim)
    assert both(found) == (result, result)
    assert found.agreed


def test_no_record() -> None:
    """Alignment is told all the same."""
    found = dmarc({}, spf="club.example", dkim=["club.example"])
    assert both(found) == ("none", "none")
    assert found.rfc9989.spf_aligned is True
    assert found.rfc9989.dkim_aligned == ("club.example",)
    assert found.rfc9989.policy is None


def test_the_policy_in_force() -> None:
    """RFC 9989 knows test mode; the older receivers do not."""
    found = dmarc({"club.example": "v=DMARC1; p=reject; t=y"})
    assert (found.rfc9989.policy, found.rfc7489.policy) == (Policy.QUARANTINE, Policy.REJECT)
    found = dmarc({"club.example": "v=DMARC1; p=reject; sp=quarantine"}, "news.club.example")
    assert (found.rfc9989.policy, found.rfc7489.policy) == (Policy.QUARANTINE, Policy.QUARANTINE)
    assert found.rfc9989.record_domain == "club.example"


def test_where_the_standards_differ() -> None:
    """A record in between is an organisation of its own for one standard and nothing for the other."""
    records = {"a.club.example": f"{NONE}; psd=n", "club.example": NONE}
    found = dmarc(records, "x.a.club.example", spf="club.example")
    assert both(found) == ("fail", "pass")
    assert not found.agreed


def test_a_name_server_that_does_not_answer() -> None:
    """Unknown is neither pass nor fail; a failure that cannot matter is none."""
    found = dmarc({"club.example": "!timeout"}, spf="club.example")
    assert both(found) == ("temperror", "temperror")
    assert found.rfc9989.failed is not None
    found = dmarc({"club.example": NONE, "bounce.club.example": "!servfail"}, spf="bounce.club.example")
    assert both(found) == ("temperror", "pass")
    found = dmarc({"club.example": NONE, "other.example": "!servfail"}, spf="other.example", dkim=["club.example"])
    assert both(found) == ("pass", "pass")


def test_alignment_of_two_domains() -> None:
    for other, strict, walk, listed in (
        ("club.example", True, True, True),
        ("mail.club.example", False, True, True),
        ("evilclub.example", False, False, False),
        ("example", False, False, False),
    ):
        texts = {"_dmarc.club.example": [NONE]}
        found = run(lambda ev, other=other: align("club.example", other, ev), texts)  # type: ignore[misc]
        assert (found.strict, found.walk, found.suffix_list) == (strict, walk, listed)


def test_many_signing_domains_cost_few_questions() -> None:
    """Only domains that could belong together are walked."""
    found = dmarc({"club.example": NONE}, dkim=[f"d{number}.example" for number in range(50)])
    assert len(found.dkim) == 10
    assert found.rfc9989.result is Result.FAIL
