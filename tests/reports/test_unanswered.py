"""Questions without an answer are told once per reason, name what they were, and advise what helps."""

from __future__ import annotations

from typing import Any

import pytest

from checks.model import CheckResult, Outcome, Owner, Status
from reports.machine import markdown
from reports.model import build
from reports.view import View, view
from tests.reports import sample

PROBE = "dns club.example TXT"


def unknown(check: str, reason: str, about: str = "club.example", probe: str = PROBE) -> CheckResult:
    said = Outcome(
        code=f"{check}-unknown", status=Status.UNKNOWN, title="{subject}: could not be determined, because {reason}", owner=Owner.US,
        steps=("Show ({probe}) to whoever runs that server.",),
    )  # fmt: skip
    return CheckResult(check=check, findings=(said(about=about, subject=about, reason=reason, probe=probe),))


def shown(*results: CheckResult, state: str = "timeout", nameservers: Any = ("the system's",)) -> View:
    seen = {PROBE: {"state": state, "text": ""}}
    frame = {"nameservers": list(nameservers), "observations": seen}
    subject = {"kind": "domain", "name": "club.example", "domains": ["club.example"]}
    return view(build(results=results, tool="t", taken_at=sample.TAKEN, subject=subject, vantage=frame), manual=sample.manual)


def test_one_reason_is_one_card() -> None:
    """It lists what could not be determined by the checks' titles; one command checks all of it again."""
    (card,) = view(sample.unanswered(), manual=sample.manual).unknown
    assert card.title.startswith("club.example: 4 points could not be determined, because the name server 127.0.0.1:5399 cannot")
    assert [member.title for member in card.members] == ["SPF record is there, once", "spf.syntax", "DKIM key", "DMARC record"]
    assert card.verify[-3:] == ("--nameserver", "127.0.0.1:5399", "--allow-private")
    assert "--only spf,dkim,dmarc" in " ".join(card.verify)


def test_one_closed_port_is_one_entry() -> None:
    """What was not checked because of it stands below it."""
    (card,) = view(sample.unanswered(), manual=sample.manual).not_run
    assert card.title == "Second: 4 points were not checked, because no connection to it came about"
    assert len(card.members) == 4


def test_what_wobbles_does_not_part_them() -> None:
    """A silent name server is waited for a little longer or shorter each time."""
    reason = "no answer came from 192.0.2.53 within {} seconds"
    (card,) = shown(unknown("spf.record", reason.format("8.1")), unknown("dkim.key", reason.format("8.3"))).unknown
    assert card.title == "club.example: 2 points could not be determined, because no answer came from 192.0.2.53"


def test_two_reasons_are_two_cards_and_two_domains_are_told_apart() -> None:
    cards = shown(unknown("spf.record", "a"), unknown("dkim.key", "a", "b.example"), unknown("dmarc.record", "b")).unknown
    assert [len(card.members) for card in cards] == [2, 0]
    assert [member.title for member in cards[0].members] == ["SPF record is there, once (club.example)", "DKIM key (b.example)"]
    assert cards[0].title == "2 points could not be determined, because a"


def test_one_alone_names_its_check() -> None:
    (card,) = shown(unknown("spf.record", "a")).unknown
    assert card.title == "SPF record is there, once (club.example): could not be determined, because a"


@pytest.mark.parametrize(
    ("reason", "state", "nameservers", "says"),
    [
        ("the name server 192.0.2.1:53 cannot be asked: nothing listens there", "not-attempted", ["192.0.2.1:53"], "--nameserver (192.0.2.1:53)"),
        ("the name server 192.0.2.1:53 cannot be asked: there is no way to it", "not-attempted", ["the system's"], "its name servers"),
        ("no answer came", "timeout", ["192.0.2.1:53"], "192.0.2.1:53 (given with --nameserver)"),
        ("the time for the whole run (60 s) was up", "not-attempted", ["the system's"], "--timeout"),
        ("it is not in the saved evidence", "not-attempted", ["the system's"], "saved evidence"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("number", [1, 3])
def test_a_question_that_never_left_is_nobody_elses_to_mend(
    reason: str, state: str, nameservers: Any, says: str, number: int
) -> None:
    """One or several: the advice looks at this side, and sends nobody to a stranger's administrator."""
    results = [unknown(check, reason) for check in ("spf.record", "dkim.key", "dmarc.record")[:number]]
    (card,) = shown(*results, state=state, nameservers=nameservers).unknown
    assert says in " ".join(card.steps)
    assert "whoever runs" not in " ".join(card.steps)


def test_a_failing_server_is_its_owners() -> None:
    (card,) = shown(unknown("spf.record", "SERVFAIL"), unknown("dkim.key", "SERVFAIL"), state="servfail").unknown
    assert "whoever runs the server" in card.steps[0]
    assert "other side" in card.side


def test_what_a_rule_words_itself_stays_its_own() -> None:
    """It may know more than the reason."""
    said = Outcome(code="spf.lookups-incomplete", status=Status.UNKNOWN, title="at least {count}, because {reason}")
    result = CheckResult(check="spf.lookups", findings=(said(about="club.example", count=4, reason="a"),))
    assert next(card.title for card in shown(result, unknown("spf.record", "a")).unknown) == "at least 4, because a"


def test_markdown_lists_them_too() -> None:
    text = markdown.render(sample.unanswered())
    assert "  - SPF record is there, once (`spf.record-unknown`)" in text
    assert text.count("cannot be asked") == 1
