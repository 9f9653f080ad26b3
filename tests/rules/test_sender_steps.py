"""What a refused sender is told to do: by the right person, at the right field, and never what has been done already."""

from __future__ import annotations

from checks.model import Finding, Owner, Remedy
from tests.rules.test_cases import ALL, run_case


def finding(stem: str, name: str, code: str) -> tuple[Finding, Remedy]:
    """Judge one case by its name, and return what it says under a code."""
    case = next(case for file, case in ALL if file == stem and case["name"] == name)
    found = next(one for one in run_case(stem, case) if one.code == code)
    assert found.remedy is not None
    return found, found.remedy


def test_after_a_login_that_succeeded_nobody_is_told_to_log_in() -> None:
    """User name and password are there and were accepted; the server's administrator has to say what it means."""
    one, remedy = finding("sender_mail_from", "a login that was accepted is not asked for again", "sender.login-required")
    said = " ".join(remedy.steps)
    assert "Give the settings a user name" not in said
    assert "User name and password are not at fault" in said
    assert (remedy.owner, one.args["field"]) == (Owner.MAIL_ADMIN, "")


def test_without_a_login_it_is_still_asked_for() -> None:
    """The healthy look-alike: auth = "none", and the server wants a login."""
    one, remedy = finding("sender_mail_from", "Microsoft misses the login", "sender.login-required")
    assert "Give the settings a user name and a password" in remedy.steps[0]
    assert (remedy.owner, one.args["field"]) == (Owner.US, "auth")


def test_the_switch_of_the_organisation_is_named_although_the_outer_reply_asks_for_a_login() -> None:
    """530 5.7.57 only says what 535 5.7.139 led to."""
    one, remedy = finding("sender_mail_from", "the inner reply tells more than the outer one", "sender.envelope-refused")
    assert (remedy.owner, one.args["cause"]) == (Owner.MAIL_ADMIN, "microsoft.smtp-auth-off-tenant")
    assert "Authenticated SMTP" in remedy.steps[0]


def test_a_refused_return_path_is_mended_at_the_return_path() -> None:
    """The sender in the letter is another address, and may be fine."""
    one, remedy = finding("sender_mail_from", "the return path is refused, not the sender", "sender.envelope-not-permitted")
    said = " ".join(remedy.steps)
    assert one.args["field"] == "return_path"
    assert "sender.email" not in said
    assert said.startswith("Set the return path to one that belongs to the login, or let the server's administrator allow it.")
    assert "take the return path out of the settings: what cannot be delivered then comes back to office@club.example" in said
    assert "which the server accepts" not in said  # nobody tried it in this case


def test_a_relay_that_is_refused_after_a_login_does_not_ask_for_one() -> None:
    """The login was accepted; host, port or the login's rights are left."""
    _, remedy = finding("sender_recipient", "relaying denied after a login", "sender.relay-denied")
    said = " ".join(remedy.steps)
    assert "Log in" not in said
    assert "whether this login may send to other domains" in said
    assert remedy.owner is Owner.MAIL_ADMIN
