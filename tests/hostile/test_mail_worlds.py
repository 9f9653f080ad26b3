"""The whole program against some two hundred mail servers, honest, odd and hostile: the right alarm for each, and no other."""

from __future__ import annotations

import base64
from dataclasses import replace
from pathlib import Path

import pytest

from tests.hostile.mail_leaks import leaks
from tests.hostile.mail_run import NOT_READY, READY, MailWorld, Told, demand, run, run_all
from tests.hostile.mail_servers import PASSWORD, USER, Server
from tests.hostile.mail_worlds import CONNECTION, ENCRYPTION, HEALTHY
from tests.hostile.mail_worlds_hard import CAUSES, ECHO, ECHOES, HUGE, HURRIED, LATER, ORDINARY_WORDS, WAITING
from tests.hostile.mail_worlds_login import LOGIN, SENDING

WORLDS = HEALTHY | CONNECTION | ENCRYPTION | LOGIN | SENDING
MOST_MEMORY = 160  # megabytes; a run against an honest server takes about 100


def told_right(told: Told, world: MailWorld) -> None:
    """Exactly the expected alarms, in words that a person understands; the demands of every world hold."""
    demand(told, world)
    assert told.alarms == sorted(world.alarms), told.sentences
    assert told.code == world.code, told.sentences
    for word in world.words:
        assert word.lower() in told.sentences.lower(), told.sentences
    said = {one["code"] for one in told.findings("note")}
    assert said >= set(world.notes), said


@pytest.mark.parametrize("name", WORLDS)
def test_each_world_is_told_by_its_one_alarm(name: str, tmp_path: Path) -> None:
    """One fault, one alarm; an honest server that is unlike others, none."""
    told_right(run(WORLDS[name], tmp_path), WORLDS[name])


@pytest.fixture(scope="module")
def waited(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Told | BaseException]:
    """The worlds that only wait, run side by side."""
    run(WORLDS["no SIZE"], tmp_path_factory.mktemp("first"))  # the first run of a process loads and reads what all use
    return run_all(WAITING, tmp_path_factory.mktemp("waiting"))


@pytest.mark.parametrize("name", WAITING)
def test_a_run_ends_in_time_and_says_what_it_waited_for(name: str, waited: dict[str, Told | BaseException]) -> None:
    """Whatever stalls, at deadlines of 3 and 10 seconds: the end comes in time, with one alarm that blames nobody wrongly."""
    told = waited[name]
    if isinstance(told, BaseException):
        raise told
    told_right(told, WAITING[name])


@pytest.mark.parametrize("name", HURRIED)
def test_one_second_is_enough_to_end_in_time(name: str, tmp_path: Path) -> None:
    """The same at the shortest deadline, one by one; nothing outlives the run and holds up the end of the process."""
    told_right(run(HURRIED[name], tmp_path), HURRIED[name])


@pytest.mark.parametrize("name", HUGE)
def test_a_flood_of_octets_takes_no_memory(name: str, tmp_path: Path) -> None:
    """A server that sends without end is cut off."""
    told = run(HUGE[name], tmp_path)
    told_right(told, HUGE[name])
    assert told.peak < MOST_MEMORY


@pytest.mark.parametrize("name", ECHO)
def test_a_password_that_the_server_repeats_is_in_no_output(name: str, tmp_path: Path) -> None:
    """However the server writes it, whole or in part: no file, nothing printed."""
    demand(run(ECHO[name], tmp_path), ECHO[name])


@pytest.mark.parametrize("name", LATER)
def test_a_password_of_several_words_costs_no_report(name: str, tmp_path: Path) -> None:
    """The server brings its words together or takes them apart, at every stage: the report is written and does not show it."""
    told = run(LATER[name], tmp_path)
    demand(told, LATER[name])
    assert told.code == (READY if name.startswith("DOT") else NOT_READY), told.sentences


@pytest.mark.parametrize("name", CAUSES)
def test_a_password_of_ordinary_words_hides_no_cause(name: str, tmp_path: Path) -> None:
    """Neither is such a word taken out of the reply, nor is its cause missed."""
    told_right(run(CAUSES[name], tmp_path), CAUSES[name])


def test_the_search_for_passwords_finds_each_echo() -> None:
    """Otherwise the worlds that repeat one would prove nothing."""
    line = base64.b64encode(f"\0{USER}\0{PASSWORD}".encode()).decode()
    for name, echo in ECHOES.items():
        if "cut off" not in name and "line" not in name.split(" ")[1:2]:
            assert leaks(echo(line)), name
    for world in LATER.values():
        assert isinstance(world.script, Server)
        assert leaks(next(iter(world.script.replies.values())), world.password)


@pytest.mark.parametrize("format_", ["text", "markdown", "junit", "nagios"])
def test_a_repeated_password_is_in_no_format(format_: str, tmp_path: Path) -> None:
    """What is printed for people and for machines hides it as well."""
    world = replace(ECHO["PLAIN repeats the password"], format=format_)
    demand(run(world, tmp_path), world)


@pytest.mark.parametrize("password", ORDINARY_WORDS)
def test_a_password_that_is_an_ordinary_word_spoils_nothing(password: str, tmp_path: Path) -> None:
    """A weak password is not the program's business: the run ends as with any other."""
    world = MailWorld(script=Server(password=password), password=password)
    told = run(world, tmp_path)
    assert (told.code, told.alarms) == (READY, []), told.sentences
