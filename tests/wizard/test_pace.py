"""The limits that the planned volume asks for are offered with their source, entered only when somebody says so, and shown before saving."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from checks.settings import SettingsError
from tests.wizard.test_answers import FLAT, HERE
from tests.wizard.test_terminal import run
from wizard import parsing
from wizard.answered import build, from_settings
from wizard.answers import answers_from, complete
from wizard.answers_given import gather
from wizard.pace import hint, offers
from wizard.questions import BY_KEY
from wizard.review import Plan, review
from wizard.view import View

CLUB = FLAT.replace("mail.club.example", "smtp.office365.com")
MANY = "volume.recipients_per_mailing=12000"


def view(*sets: str) -> View:
    return View(complete(gather(CLUB, sets), HERE), None, HERE)


def test_a_mailing_that_is_too_large_is_offered_limits() -> None:
    """With what becomes of it, and whose numbers they keep."""
    seen = view(MANY)
    assert "a send limit of 9,000 recipients a day and a burst limit of 27 messages a minute" in hint(seen)
    assert "out by" in hint(seen)
    proposal = BY_KEY["pace"].propose(seen)
    assert proposal is not None
    assert proposal.value is True
    assert proposal.source.startswith("catalogue: Microsoft 365")


@pytest.mark.parametrize(
    "sets",
    [
        (),
        ("volume.recipients_per_mailing=400",),
        (MANY, "limit.per=day", "limit.max=500"),
        (MANY, "burst.max=20", "burst.per=minute"),
    ],
)
def test_nothing_is_offered_where_nothing_is_needed(sets: tuple[str, ...]) -> None:
    """No volume, a small one, or limits of the person's own."""
    assert not offers(view(*sets))
    assert not BY_KEY["pace"].when(view(*sets))


def test_two_servers_of_one_login_are_offered_their_share() -> None:
    """9,000 for each would be 18,000 for the one mailbox."""
    seen = view(MANY)
    alone = offers(seen)[0].limit
    assert alone is not None
    assert alone["max"] == 9_000
    seen.answers.servers.append(seen.servers()[0] | {"name": "News", "sender.email": "news@club.example"})
    seen.answers.link()
    shared = offers(View(seen.answers, None, HERE))
    assert [offer.limit["max"] for offer in shared.values() if offer.limit] == [4_500, 4_500]
    assert "at each of" in shared[0].words
    assert "News" in shared[0].words


def test_nobody_saying_so_enters_nothing() -> None:
    """Answers files of before mean what they meant."""
    settings = build(complete(gather(CLUB, (MANY,)), HERE), HERE)
    assert settings.servers[0].limit is None
    assert settings.servers[0].burst is None


def test_saying_yes_enters_them_and_the_answers_replay() -> None:
    """The same settings again from the written answers, and from the settings themselves."""
    answers = complete(gather(CLUB, (MANY, "pace=yes")), HERE)
    settings = build(answers, HERE)
    own, burst = settings.servers[0].limit, settings.servers[0].burst
    assert own is not None
    assert burst is not None
    assert (own.max, own.per, own.unit, own.window) == (9000, "day", "recipients", "sliding")
    assert (burst.max, burst.per) == (27, "minute")
    assert build(complete(gather(answers_from(answers, HERE), ()), HERE), HERE) == settings
    assert build(from_settings(settings), HERE, settings) == settings


def test_the_review_names_what_is_entered() -> None:
    answers = complete(gather(CLUB, (MANY, "pace=yes")), HERE)
    text = review(
        build(answers, HERE),
        answers,
        HERE,
        Plan(settings=Path("a"), output=Path("b"), passwords={}, exists=False, test_message=False),
    )
    assert "Limits entered" in text
    assert "9,000 recipients a day" in text


def test_every_part_of_the_volume_can_be_answered() -> None:
    """From an answers file, and back."""
    sets = (
        "volume.recipients_per_mailing=400", "volume.mailings_per_day=2", "volume.recipients_per_message=5", "volume.outside_percent=0",
        "volume.attachments_kb=300", "volume.start=9:30", "volume.peak_hour_messages=40", "volume.growth_percent=10",
    )  # fmt: skip
    answers = complete(gather(CLUB, sets), HERE)
    volume = build(answers, HERE).volume
    assert (volume.mailings_per_day, volume.recipients_per_message, volume.outside_percent, volume.attachments_kb) == (
        2,
        5,
        0,
        300,
    )
    assert (volume.start, volume.peak_hour_messages, volume.growth_percent) == ("09:30", 40, 10)
    assert build(complete(gather(answers_from(answers, HERE), ()), HERE), HERE).volume == volume
    assert build(from_settings(build(answers, HERE)), HERE).volume == volume


@pytest.mark.parametrize(("typed", "read"), [("9", "09:00"), ("09:00", "09:00"), ("18.30", "18:30"), ("7:05", "07:05")])
def test_times_of_day_as_people_write_them(typed: str, read: str) -> None:
    assert parsing.clock(typed) == read


@pytest.mark.parametrize("typed", ["24:00", "9:60", "nine", "", "9:5", "-1"])
def test_what_is_no_time_of_day_is_said_to_be_none(typed: str) -> None:
    with pytest.raises(ValueError, match="09:00"):
        parsing.clock(typed)
    with pytest.raises(SettingsError):
        complete(gather(CLUB, (MANY, f"volume.start={typed or 'x'}")), HERE)


def test_the_program_tells_a_club_what_happens_and_what_to_do(tmp_path: Path) -> None:
    """Twelve thousand members on one Microsoft 365 mailbox, through the command, with no network."""
    (tmp_path / "club.toml").write_text(
        'volume = { recipients_per_mailing = 12000 }\n[[servers]]\nname = "Mail"\ndefault = true\nhost = "smtp.office365.com"\nport = 587\n'
        'security = "starttls"\nauth = "none"\nsender = { email = "office@club.example" }\n'
    )
    done = run(
        *("check", "club.toml", "--only", "capacity", "--nameserver", "127.0.0.1:9", "--timeout", "5", "--output", "out"),
        *("--now", "2026-11-23T09:00:00Z"),
        cwd=tmp_path,
    )
    said = " ".join(done.stdout.split())
    assert (
        "10,000 recipients are written to by Tue 24 Nov, 14:34; then Microsoft 365 takes no more than 10,000 recipients in 24 hours"
        in said
    )
    assert "and the other 2,000 are refused for good; with a send limit of 9,000 recipients a day" in said
    codes = {
        finding["code"]
        for check in json.loads((tmp_path / "out/report.json").read_text())["checks"]
        for finding in check["findings"]
    }
    assert {"capacity.rest-refused", "capacity.entry-missing", "capacity.mailings-unknown"} <= codes
    assert '<svg class="timeline"' in (tmp_path / "out/report.html").read_text()
