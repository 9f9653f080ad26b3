"""The engine: asks once, runs again, keeps faults apart, and ends in time."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import pytest

from checks import engine
from checks.engine import Run
from checks.evidence import Effect, Evidence, Probe, Reading, State, from_json, to_json
from checks.model import Action, CheckResult, DnsChange, Finding, Outcome, Owner, Status, Verdict, verdict
from checks.probes import KINDS, DnsProbe, DnsReading, DnsRecord, SubmissionProbe
from checks.settings import Security
from checks.subject import DomainSubject, Subject

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
GOOD = Outcome(code="test.good", status=Status.PASS, title="{name} is good")
BAD = Outcome(code="test.bad", status=Status.FAIL, title="{name} is bad", owner=Owner.DNS_ADMIN, steps=("Publish the record.",))


def subject(domain: str = "club.example") -> DomainSubject:
    return DomainSubject(now=NOW, domain=domain)


@dataclass
class Rule:
    """A check made from a function."""

    judge: Any
    id: str = "test.rule"
    subject_type: type[Subject] = DomainSubject
    informational: bool = False
    unknown: Outcome = Outcome(code="test.rule-unknown", status=Status.UNKNOWN, title="{subject}: {reason} {probe}")
    not_run: Outcome = Outcome(code="test.rule-not-run", status=Status.NOT_RUN, title="{subject}: {reason}", also=("probe",))
    conclude: Callable[[Sequence[Subject], Sequence[CheckResult]], Iterator[Finding]] | None = None
    over_budget: Outcome = Outcome(code="test.rule-over-budget", status=Status.UNKNOWN, title="{subject}")
    broken: Outcome = Outcome(code="test.rule-broken", status=Status.BROKEN, title="{subject}")


@dataclass
class World:
    """Answers every DNS question with one TXT record, after a pause."""

    pause: float = 0.0
    state: State = State.OK
    asked: list[str] = field(default_factory=list)

    async def __call__(self, probe: Probe[Any], budget: float) -> Reading:
        self.asked.append(probe.id)
        await asyncio.sleep(self.pause)
        return (
            DnsReading(state=self.state, records=(DnsRecord(value=f"of {probe.id}"),))
            if self.state is State.OK
            else probe.reading(state=self.state)
        )


def judged(run: Run, *rules: Rule, subjects: tuple[Subject, ...] = (subject(),)) -> list[CheckResult]:
    return asyncio.run(run.judge(rules, subjects))


def needs(*names: str) -> Any:
    def judge(subject: DomainSubject, ev: Evidence) -> Iterator[Finding]:
        for name in names:
            ev.need(DnsProbe(name, "TXT"))
        yield GOOD(about=subject.domain, name=subject.domain)

    return judge


def test_nothing_is_asked_twice_however_many_rules_want_it() -> None:
    """Ten rules and two subjects with the same two questions cause two probes."""
    world = World(pause=0.01)
    results = judged(
        Run(gather=world),
        *[Rule(needs("a.example", "b.example")) for _ in range(10)],
        subjects=(subject(), subject("other.example")),
    )
    assert sorted(world.asked) == ["dns a.example TXT", "dns b.example TXT"]
    assert [finding.code for result in results for finding in result.findings] == ["test.good"] * 20


def test_siblings_are_gathered_in_one_round() -> None:
    """`ev.all` over 20 names that each take 50 ms ends long before 20 x 50 ms."""

    def judge(subject: DomainSubject, ev: Evidence) -> Iterator[Finding]:
        readings = ev.all(*(DnsProbe(f"n{number}.example", "TXT") for number in range(20)))
        yield GOOD(about=subject.domain, name=str(len(readings)))

    rounds: list[int] = []

    class Counting(World):
        async def __call__(self, probe: Probe[Any], budget: float) -> Reading:
            rounds.append(len(asyncio.all_tasks()))
            return await super().__call__(probe, budget)

    judged(Run(gather=Counting(pause=0.05)), Rule(judge))
    assert max(rounds) > 20, "all were under way together"


def test_each_finding_names_the_probes_consulted_up_to_it() -> None:
    """The first finding does not claim a look-up that came later."""

    def judge(subject: DomainSubject, ev: Evidence) -> Iterator[Finding]:
        ev.need(DnsProbe("a.example", "TXT"))
        yield GOOD(about="a", name="a")
        ev.need(DnsProbe("b.example", "TXT"))
        yield GOOD(about="b", name="b")

    [result] = judged(Run(gather=World()), Rule(judge))
    assert [finding.consulted for finding in result.findings] == [
        ("dns a.example TXT",),
        ("dns a.example TXT", "dns b.example TXT"),
    ]


def test_a_failed_reading_is_unknown_and_says_why() -> None:
    """SERVFAIL gives *unknown* with the reason, and what was found before stands."""

    def judge(subject: DomainSubject, ev: Evidence) -> Iterator[Finding]:
        yield GOOD(about=subject.domain, name="before")
        ev.need(DnsProbe("a.example", "TXT"))

    [result] = judged(Run(gather=World(state=State.SERVFAIL)), Rule(judge))
    assert [finding.code for finding in result.findings] == ["test.good", "test.rule-unknown"]
    assert "SERVFAIL" in result.findings[1].title
    assert verdict([result]) is Verdict.NOT_FULLY_TESTED


def test_a_failing_informational_check_does_not_stand_in_the_way() -> None:
    """Not knowing something that does not bear on sending leaves "ready"."""
    result, fine = judged(Run(gather=World(state=State.TIMEOUT)), Rule(needs("a.example"), informational=True), Rule(needs()))
    assert result.status is Status.UNKNOWN
    assert verdict([result, fine]) is Verdict.READY


def test_a_bug_in_one_rule_leaves_the_others() -> None:
    """An exception becomes one *broken* verdict with its traceback."""

    def judge(subject: DomainSubject, ev: Evidence) -> Iterator[Finding]:
        raise ZeroDivisionError("canary")
        yield

    broken, fine = judged(Run(gather=World()), Rule(judge), Rule(needs("a.example")))
    assert broken.status is Status.BROKEN
    assert "ZeroDivisionError: canary" in broken.traceback
    assert fine.status is Status.PASS


def test_an_effect_that_was_not_allowed_is_not_run_and_never_asked() -> None:
    """A login probe in a look-only run reaches nobody and reads *not run*."""
    probe = SubmissionProbe(host="smtp.example", address="192.0.2.1", port=587, security=Security.STARTTLS)

    def judge(subject: DomainSubject, ev: Evidence) -> Iterator[Finding]:
        ev.need(probe)
        yield GOOD(about="x", name="x")

    world = World()
    result, fine = judged(Run(gather=world), Rule(judge), Rule(needs()))
    assert world.asked == []
    assert result.status is Status.NOT_RUN
    assert verdict([result, fine]) is Verdict.READY
    assert verdict([result]) is Verdict.NOT_FULLY_TESTED, "nothing looked at is nothing known"
    assert replace(probe, message="id").effects == frozenset(Effect)


def test_the_deadline_holds_when_every_peer_hangs() -> None:
    """With peers that never answer, a run of 0.2 s ends within a second, as unknown."""

    async def timed() -> tuple[float, list[CheckResult]]:
        loop = asyncio.get_running_loop()
        start = loop.time()
        results = await Run(gather=World(pause=60), deadline=0.2).judge(
            [Rule(needs("a.example")), Rule(needs("b.example", "c.example"))], [subject()]
        )
        return loop.time() - start, results

    seconds, results = asyncio.run(timed())
    assert seconds < 1
    assert {result.status for result in results} == {Status.UNKNOWN}
    assert all("0.2 s" in finding.title for result in results for finding in result.findings)


def busy(*, finds: bool) -> Any:
    """Make a rule that computes without end: between findings, or between questions."""

    def judge(subject: DomainSubject, ev: Evidence) -> Iterator[Finding]:
        for number in range(engine.MAX_PROBES):
            time.sleep(0.02)
            if finds:
                yield GOOD(about=f"{number}", name=subject.domain)
            else:
                ev.need(DnsProbe(f"n{number}.example", "TXT"))

    return judge


@pytest.mark.parametrize("finds", [True, False])
def test_the_deadline_holds_for_a_rule_that_computes(monkeypatch: pytest.MonkeyPatch, finds: bool) -> None:
    """A rule that is busy is stopped between two findings or two rounds, as unknown; what another one says stands."""
    monkeypatch.setattr(engine, "GRACE", 0.1)
    began = time.monotonic()
    slow, fine = judged(Run(gather=World(), deadline=0.1), Rule(busy(finds=finds)), Rule(needs()))
    assert time.monotonic() - began < 2
    assert slow.findings[-1].code == "test.rule-unknown"
    assert "0.1 s" in slow.findings[-1].title
    assert fine.status is Status.PASS


def test_a_record_for_whose_proof_the_time_is_too_short_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is proposed that was not judged on the changed zone."""
    monkeypatch.setattr(engine, "GRACE", 0.0)
    change = DnsChange(action=Action.ADD, name="club.example", type="TXT", value="v=spf1 -all")

    def judge(subject: DomainSubject, ev: Evidence) -> Iterator[Finding]:
        if not ev.need(DnsProbe("club.example", "TXT")).records:
            yield BAD(about=subject.domain, name=subject.domain, records=[change])
        else:
            time.sleep(0.3)

    [result] = judged(Run(gather=World(state=State.NODATA), deadline=0.2), Rule(judge))
    [bad] = result.findings
    assert bad.remedy is not None
    assert not bad.remedy.records
    assert engine.UNPROVED in bad.remedy.steps


def test_others_have_a_turn_while_a_record_is_proved() -> None:
    """The proof runs every rule of the family again; a timer of somebody else does not wait until the last of them has spoken."""
    probe = DnsProbe("club.example", "TXT")
    change = DnsChange(action=Action.ADD, name="club.example", type="TXT", value="v=spf1 -all")
    spoken: list[str] = []
    seen: list[int] = []

    def judge(subject: DomainSubject, ev: Evidence) -> Iterator[Finding]:
        spoken.append(subject.domain)
        if not ev.need(probe).records:
            yield BAD(about=subject.domain, name=subject.domain, records=[change])

    async def both() -> None:
        async def other() -> None:
            while True:
                seen.append(len(spoken))
                await asyncio.sleep(0)

        waiting = asyncio.create_task(other())
        rules = [Rule(judge, id=f"test.rule{number}") for number in range(4)]
        await Run(readings={probe: DnsReading(state=State.NODATA)}).judge(rules, [subject()])
        waiting.cancel()

    asyncio.run(both())
    assert len(spoken) > 4 * 4, "each rule is proved by all"
    assert max(later - earlier for earlier, later in itertools.pairwise(seen)) <= 4


def test_a_rule_that_asks_without_end_is_stopped() -> None:
    """Endless fresh questions end as *given up*, within the bound."""

    def judge(subject: DomainSubject, ev: Evidence) -> Iterator[Finding]:
        for number in range(10_000):
            ev.need(DnsProbe(f"n{number}.example", "TXT"))
        yield GOOD(about="x", name="x")

    world = World()
    [result] = judged(Run(gather=world), Rule(judge))
    assert [finding.code for finding in result.findings] == ["test.rule-over-budget"]
    assert len(world.asked) <= engine.MAX_PROBES


def test_the_bound_does_not_depend_on_what_others_asked_before() -> None:
    """A rule over its bound is given up also when every reading is there already: saved evidence judges like the live run."""

    def judge(subject: DomainSubject, ev: Evidence) -> Iterator[Finding]:
        yield GOOD(about="x", name="before")
        for number in range(engine.MAX_PROBES + 1):
            ev.need(DnsProbe(f"n{number}.example", "TXT"))

    names = [f"n{number}.example" for number in range(engine.MAX_PROBES + 50)]
    readings: dict[Probe[Any], Reading] = {DnsProbe(name, "TXT"): DnsReading(state=State.OK) for name in names}
    [result] = judged(Run(readings=readings), Rule(judge))
    assert [finding.code for finding in result.findings] == ["test.good", "test.rule-over-budget"]
    assert result.findings[1].consulted


def test_sending_needs_login_to_be_allowed_too() -> None:
    """--allow look,send does not present a password."""
    probe = SubmissionProbe(host="smtp.example", address="192.0.2.1", port=587, security=Security.STARTTLS, message="id")

    def judge(subject: DomainSubject, ev: Evidence) -> Iterator[Finding]:
        ev.need(probe)
        yield GOOD(about="x", name="x")

    world = World()
    [result] = judged(Run(gather=world, allow=frozenset({Effect.LOOK, Effect.SEND})), Rule(judge))
    assert world.asked == []
    assert result.status is Status.NOT_RUN


def test_a_remedy_that_mends_is_shown_and_one_that_does_not_is_not() -> None:
    """The changed zone is judged again before a record is handed on."""

    def judging(wanted: str) -> Any:
        def judge(subject: DomainSubject, ev: Evidence) -> Iterator[Finding]:
            values = ev.need(DnsProbe(subject.domain, "TXT")).values
            if wanted in values:
                yield GOOD(about=subject.domain, name="x")
            else:
                change = DnsChange(action=Action.ADD, name=subject.domain, type="TXT", value="v=new")
                yield BAD(about=subject.domain, name="x", records=[change])

        return judge

    mends, fails = judged(Run(gather=World()), Rule(judging("v=new")), Rule(judging("v=other")))
    assert mends.findings[0].remedy is not None
    assert fails.findings[0].remedy is not None
    assert [change.value for change in mends.findings[0].remedy.records] == ["v=new"]
    assert fails.findings[0].remedy.records == ()


def test_no_record_is_shown_beside_an_alias_whatever_a_rule_says() -> None:
    """A name with a CNAME has room for nothing else (RFC 2181 section 10.1); the remedy says so instead, and points at no record."""
    world = World()
    alias = DnsProbe("club.example", "TXT")
    run = Run(gather=world, readings={alias: DnsReading(state=State.NODATA, chain=("hosted.test",))})
    steps = ("Replace the record by the one below.",)

    def judge(subject: DomainSubject, ev: Evidence) -> Iterator[Finding]:
        if "v=new" in ev.need(alias).values:
            yield GOOD(about=subject.domain, name="x")
        else:
            change = DnsChange(action=Action.REPLACE, name=subject.domain, type="TXT", value="v=new")
            yield BAD(about=subject.domain, name="x", records=[change], steps=steps)

    (result,) = judged(run, Rule(judge))
    remedy = result.findings[0].remedy
    assert remedy is not None
    assert remedy.records == ()
    assert remedy.steps == (engine.NO_ROOM.format(name="club.example"),)


def test_saved_evidence_gives_the_same_findings_with_the_network_off() -> None:
    """Written to JSON and read back, the readings judge alike; a question that was never asked is unknown."""
    run = Run(gather=World())
    live = judged(run, Rule(needs("a.example")))
    readings, about = from_json(to_json(run.readings, about={"tool": "t"}), KINDS)
    assert about["tool"] == "t"
    assert judged(Run(readings=readings), Rule(needs("a.example"))) == live
    [other] = judged(Run(readings=readings), Rule(needs("z.example")))
    assert "not in the saved evidence" in other.findings[0].title


def test_a_bug_in_gathering_breaks_only_the_rules_that_asked() -> None:
    """An exception out of the gatherer is our bug, seen as such."""

    async def broken(probe: Probe[Any], budget: float) -> Reading:
        raise KeyError("gatherer canary")

    first, second = judged(Run(gather=broken), Rule(needs("a.example")), Rule(needs()))
    assert first.status is Status.BROKEN
    assert "gatherer canary" in first.traceback
    assert second.status is Status.PASS


def test_a_check_that_concludes_comes_last_and_sees_what_the_others_said() -> None:
    """It stands in its own place in the list, asks nothing, and a bug of it costs only itself."""
    seen: list[str] = []

    def conclude(_subjects: Sequence[Subject], results: Sequence[CheckResult]) -> Iterator[Finding]:
        seen.extend(finding.code for result in results for finding in result.findings)
        yield GOOD(about="all", name="all")

    def fail(_subjects: Sequence[Subject], _results: Sequence[CheckResult]) -> Iterator[Finding]:
        raise RuntimeError("a slip")

    def rule(subject: DomainSubject, _ev: Evidence) -> Iterator[Finding]:
        yield GOOD(about=subject.domain, name=subject.domain)

    rules = [Rule(None, id="test.sum", conclude=conclude), Rule(rule), Rule(None, id="test.slip", conclude=fail)]
    results = judged(Run(), *rules)
    assert [result.check for result in results] == ["test.sum", "test.rule", "test.slip"]
    assert seen == [GOOD.code]
    assert [result.status for result in results] == [Status.PASS, Status.PASS, Status.BROKEN]
    assert "a slip" in results[2].traceback
