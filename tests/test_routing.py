"""Which server takes a message, who gets nothing, and what test mode does: by example and by property."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from click import ClickException, UsageError
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from checks.routing import Route, Why, blocked_by, covers, route
from checks.settings import Settings, parse
from wizard import exits
from wizard.commands.route import command

# --- by example -------------------------------------------------------------------------------------------------------


def server(name: str, *patterns: str, default: bool = False) -> dict[str, Any]:
    return {
        "name": name, "default": default, "filter": list(patterns), "sender": {"email": "office@club.example"},
        "host": "mail.club.example", "port": 587, "security": "starttls", "auth": "none",
    }  # fmt: skip


def document(*servers: dict[str, Any], **rest: Any) -> Settings:
    return parse({"servers": list(servers), **rest})


def routed(settings: Settings, sender: str, *recipients: str) -> Route:
    return route(settings, sender, recipients or ("guest@hotel.example",))


FOUR = document(
    server("address", "boss@club.example"),
    server("domain", "@club.example"),
    server("sub", "@*.club.example"),
    server("rest", default=True),
)


@pytest.mark.parametrize(
    ("sender", "name", "why"),
    [
        ("boss@club.example", "address", Why.ADDRESS),
        ("office@club.example", "domain", Why.DOMAIN),
        ("office@CLUB.example", "domain", Why.DOMAIN),
        ("news@golf.club.example", "sub", Why.SUBDOMAINS),
        ("news@a.b.club.example", "sub", Why.SUBDOMAINS),
        ("news@notclub.example", "rest", Why.DEFAULT),
        ("news@club.example.net", "rest", Why.DEFAULT),
    ],
)
def test_an_address_wins_over_its_domain_over_its_sub_domains_over_the_default(sender: str, name: str, why: Why) -> None:
    found = routed(FOUR, sender)
    assert found.server is not None
    assert (found.server.name, found.choice.why) == (name, why)


def test_a_domain_filter_does_not_reach_its_sub_domains() -> None:
    """DKIM and SPF differ by sub-domain, so they are claimed only if written."""
    assert routed(document(server("a", "@club.example")), "x@golf.club.example").choice.why is Why.UNCLAIMED


def test_a_sub_domain_filter_does_not_reach_the_domain_itself() -> None:
    assert routed(document(server("a", "@*.club.example")), "x@club.example").choice.why is Why.UNCLAIMED


def test_the_longest_sub_domain_filter_wins() -> None:
    settings = document(server("wide", "@*.club.example"), server("narrow", "@*.golf.club.example"))
    assert (found := routed(settings, "x@news.golf.club.example").server)
    assert found.name == "narrow"


def test_no_match_and_no_default_is_refused() -> None:
    """The message is not handed to just any server."""
    found = routed(document(server("a", "@club.example")), "x@hotel.example")
    assert found.choice.why is Why.UNCLAIMED
    assert found.choice.why.refused
    assert not found.leaves
    assert found.mail_from == ""


def test_an_equal_filter_on_two_servers_is_refused_and_both_are_named() -> None:
    found = routed(
        document(server("a", "@club.example"), server("b", "@club.example"), server("c", default=True)), "x@club.example"
    )
    assert (found.choice.why, found.choice.claimants, found.leaves) == (Why.CONTESTED, ("a", "b"), False)


def test_a_contested_domain_does_not_matter_to_an_address_that_is_claimed_exactly() -> None:
    settings = document(server("a", "@club.example", "boss@club.example"), server("b", "@club.example"))
    assert routed(settings, "boss@club.example").choice.why is Why.ADDRESS


def test_two_defaults_are_refused_when_the_default_is_needed() -> None:
    settings = document(server("a", "@club.example", default=True), server("b", default=True))
    assert routed(settings, "x@hotel.example").choice.why is Why.SEVERAL_DEFAULTS
    assert routed(settings, "x@club.example").choice.why is Why.DOMAIN


def test_a_local_part_is_compared_as_it_is_stored_and_a_near_miss_is_named() -> None:
    found = routed(document(server("a", "Boss@club.example"), server("b", default=True)), "boss@club.example")
    assert found.server is not None
    assert (found.server.name, found.choice.why, found.choice.differs_in_case) == ("b", Why.DEFAULT, "Boss@club.example")


def test_an_international_domain_is_the_same_in_both_spellings() -> None:
    settings = document(server("a", "@münchen.example"))
    assert routed(settings, "x@MÜNCHEN.example").choice.why is Why.DOMAIN
    assert routed(settings, "x@xn--mnchen-3ya.example").choice.why is Why.DOMAIN


@pytest.mark.parametrize(
    "bad", ["", "office", "a@b@club.example", "Office <office@club.example>", "office@club.example\r\nBcc: x@y.example"]
)
def test_what_is_no_address_is_refused_in_words(bad: str) -> None:
    with pytest.raises(ValueError, match=r"address|domain"):
        routed(FOUR, bad)
    with pytest.raises(ValueError, match=r"address|domain"):
        routed(FOUR, "office@club.example", bad)


BLOCKED = [
    {"pattern": "max@gone.example", "reason": "asked us to stop"},
    {"pattern": "@competitor.example"},
    {"pattern": "@*.corp.example"},
]


@pytest.mark.parametrize(
    "recipient", ["max@gone.example", "MAX@gone.example", "anna@Competitor.example", "anna@a.b.corp.example"]
)
def test_blocked_recipients_get_nothing(recipient: str) -> None:
    """By address, by domain and by sub-domain; a person stays blocked however the address is capitalised."""
    found = routed(
        document(server("a", default=True), blocklist=BLOCKED), "office@club.example", recipient, "guest@hotel.example"
    )
    assert found.rcpt_to == ("guest@hotel.example",)
    assert len(found.stopped) == 1


@pytest.mark.parametrize("recipient", ["moritz@gone.example", "anna@corp.example", "anna@mycompetitor.example"])
def test_nobody_else_is_blocked(recipient: str) -> None:
    assert not routed(document(server("a", default=True), blocklist=BLOCKED), "office@club.example", recipient).stopped


def test_when_all_are_blocked_nothing_is_sent() -> None:
    found = routed(document(server("a", default=True), blocklist=BLOCKED), "office@club.example", "max@gone.example")
    assert (found.leaves, found.rcpt_to, found.mail_from) == (False, (), "")


TEST_MODE = {"enabled": True, "redirect_to": "qa@club.example", "until": date(2026, 12, 1)}


def test_test_mode_replaces_the_envelope_and_keeps_the_originals() -> None:
    found = routed(
        document(server("a", default=True), test_mode=TEST_MODE), "office@club.example", "a@hotel.example", "b@hotel.example"
    )
    assert found.rcpt_to == ("qa@club.example",)
    assert found.recipients == ("a@hotel.example", "b@hotel.example")


def test_in_test_mode_the_blocklist_looks_at_the_original_recipients_first() -> None:
    """A blocked recipient's copy does not reach the tester either, and the tester's own address is not looked up."""
    settings = document(server("a", default=True), test_mode=TEST_MODE, blocklist=[*BLOCKED, {"pattern": "@club.example"}])
    assert not routed(settings, "office@club.example", "max@gone.example").leaves
    assert routed(settings, "office@club.example", "a@hotel.example").rcpt_to == ("qa@club.example",)


@pytest.mark.parametrize(("today", "overdue"), [(date(2026, 12, 1), False), (date(2026, 12, 2), True), (None, False)])
def test_test_mode_stays_on_after_its_last_day_and_says_so(today: date | None, overdue: bool) -> None:
    found = route(
        document(server("a", default=True), test_mode=TEST_MODE), "office@club.example", ["a@hotel.example"], today=today
    )
    assert found.rcpt_to == ("qa@club.example",)
    assert found.test_mode_overdue is overdue


def test_an_address_that_is_left_over_while_test_mode_is_off_receives_nothing() -> None:
    settings = document(server("a", default=True), test_mode={"enabled": False, "redirect_to": "qa@club.example"})
    assert routed(settings, "office@club.example").rcpt_to == ("guest@hotel.example",)


def test_a_recipient_who_is_named_twice_gets_one_copy() -> None:
    assert routed(FOUR, "x@club.example", "a@hotel.example", "a@HOTEL.example").rcpt_to == ("a@hotel.example",)


# --- by property ------------------------------------------------------------------------------------------------------

DOMAINS = st.sampled_from(["club.example", "golf.club.example", "a.golf.club.example", "hotel.example", "münchen.example"])
ADDRESSES = st.builds(lambda local, domain: f"{local}@{domain}", st.sampled_from(["office", "Office", "news"]), DOMAINS)
PATTERNS = st.one_of(ADDRESSES, DOMAINS.map("@{}".format), DOMAINS.map("@*.{}".format))


@st.composite
def documents(draw: st.DrawFn) -> Settings:
    servers = [
        server(f"s{number}", *draw(st.lists(PATTERNS, max_size=4)), default=draw(st.booleans()))
        for number in range(draw(st.integers(1, 4)))
    ]
    blocklist = [{"pattern": pattern} for pattern in draw(st.lists(PATTERNS, max_size=4))]
    test_mode = {"enabled": draw(st.booleans()), "redirect_to": draw(ADDRESSES)}
    return document(*servers, blocklist=blocklist, test_mode=test_mode)


@given(documents(), ADDRESSES, st.lists(ADDRESSES, max_size=6))
def test_in_test_mode_nobody_but_the_tester_is_written_to(settings: Settings, sender: str, recipients: list[str]) -> None:
    found = route(settings, sender, recipients)
    if settings.test_mode.enabled:
        assert set(found.rcpt_to) <= {settings.test_mode.redirect_to}


@given(documents(), ADDRESSES, st.lists(ADDRESSES, max_size=6))
def test_every_recipient_is_kept_or_stopped_and_none_is_invented(settings: Settings, sender: str, recipients: list[str]) -> None:
    found = route(settings, sender, recipients)
    kept, stopped = set(found.recipients), {one.address for one in found.stopped}
    assert not kept & stopped
    assert kept | stopped == {one.replace("münchen", "xn--mnchen-3ya") for one in recipients}
    assert all(blocked_by(settings.blocklist, address) is None for address in kept)
    assert set(found.rcpt_to) <= kept or settings.test_mode.enabled


@given(documents(), ADDRESSES)
def test_the_order_of_the_servers_does_not_matter(settings: Settings, sender: str) -> None:
    """No server is preferred for standing first."""
    turned = settings.model_copy(update={"servers": tuple(reversed(settings.servers))})
    one, other = routed(settings, sender), routed(turned, sender)
    assert (one.choice.why, one.server) == (other.choice.why, other.server)
    assert set(one.choice.claimants) == set(other.choice.claimants)


@given(documents(), ADDRESSES)
def test_the_chosen_server_claims_the_sender_or_is_the_only_default(settings: Settings, sender: str) -> None:
    found = routed(settings, sender)
    if found.server is None:
        assert found.choice.why.refused
        assert not found.leaves
    elif found.choice.why is Why.DEFAULT:
        assert found.server.default
        assert not any(covers(pattern, found.sender) for one in settings.servers for pattern in one.filter)
    else:
        assert found.choice.pattern in found.server.filter
        assert covers(found.choice.pattern, found.sender)


# --- the command ------------------------------------------------------------------------------------------------------

FILE = """
[test_mode]
enabled = true
redirect_to = "qa@club.example"
until = 2026-12-01

[[blocklist]]
pattern = "@competitor.example"
reason = "asked\\u202e us"

[[servers]]
name = "Club"
filter = ["@club.example"]
sender = { email = "office@club.example" }
host = "mail.club.example"
port = 587
security = "starttls"
auth = "none"
"""


def say(tmp_path: Path, *arguments: str, text: str = FILE) -> tuple[int, str]:
    path = tmp_path / "settings.toml"
    path.write_text(text, "utf-8")
    result = CliRunner().invoke(command, [str(path), *arguments], standalone_mode=False)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.return_value, result.output


def test_the_command_says_server_reason_blocked_and_redirected(tmp_path: Path) -> None:
    code, text = say(
        tmp_path, "--from", "office@club.example", "--to", "a@hotel.example,b@competitor.example", "--now", "2026-11-23"
    )
    assert code == exits.READY
    assert "Club (mail.club.example:587)" in text
    assert "its filter @club.example is the sender's domain" in text
    assert "b@competitor.example, by @competitor.example" in text
    assert "qa@club.example instead of a@hotel.example" in text


def test_the_command_never_prints_strangers_control_characters(tmp_path: Path) -> None:
    assert "\u202e" not in say(tmp_path, "--from", "office@club.example", "--to", "b@competitor.example")[1]


def test_the_command_names_an_overdue_test_mode(tmp_path: Path) -> None:
    """In Berlin the last day is over while it is still going on in London."""
    assert (
        "has passed"
        in say(tmp_path, "--from", "office@club.example", "--to", "a@hotel.example", "--now", "2026-12-01T23:30:00Z")[1]
    )
    assert (
        "has passed"
        not in say(tmp_path, "--from", "office@club.example", "--to", "a@hotel.example", "--now", "2026-12-01T22:30:00Z")[1]
    )


def test_the_command_says_that_nothing_is_sent(tmp_path: Path) -> None:
    code, text = say(tmp_path, "--from", "office@club.example", "--to", "b@competitor.example")
    assert code == exits.READY
    assert "every recipient is blocked" in text


def test_a_refused_message_has_its_own_exit_code(tmp_path: Path) -> None:
    code, text = say(tmp_path, "--from", "office@hotel.example", "--to", "a@hotel.example")
    assert code == exits.NOT_READY
    assert "no server is the default" in text


def test_the_command_speaks_json(tmp_path: Path) -> None:
    _, text = say(tmp_path, "--from", "office@club.example", "--to", "a@hotel.example,b@competitor.example", "--format", "json")
    found = json.loads(text)
    assert found["server"] == "Club"
    assert found["why"] == "domain"
    assert found["rcpt_to"] == ["qa@club.example"]
    assert found["blocked"][0]["address"] == "b@competitor.example"


@pytest.mark.parametrize(
    "arguments", [("--from", "nobody", "--to", "a@hotel.example"), ("--from", "a@hotel.example", "--to", "x@y@z")]
)
def test_a_bad_address_is_wrong_usage(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    with pytest.raises(UsageError, match=r"address|domain"):
        say(tmp_path, *arguments)


def test_a_bad_settings_file_is_named_not_traced(tmp_path: Path) -> None:
    with pytest.raises(ClickException, match="server"):
        say(tmp_path, "--from", "a@hotel.example", "--to", "b@hotel.example", text="schema_version = 1\n")
