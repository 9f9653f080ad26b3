"""Runs tests/rules/cases/*.toml: each case is a small world, what must be said of it and what must never be.

A file is named after its rule (spf_record.toml is for checks/rules/spf_record.py). Keys of a case:

- `name`: a sentence; `says`: codes that must come; `never`: codes that must not; `says_nothing_else = true`: and no others
- `zone`: zone text relative to `domain` (default club.example); `faults`: {"dns club.example TXT" = "servfail"}
- `settings`: the settings document as a table, for rules about servers or settings; `server`: check only this one
- `readings`: {"smtp mail.club.example [192.0.2.10]:587 starttls" = { state = "ok", ... }} for everything that is not DNS
- `sending_ips`, `selectors`, `now` (default 2026-11-23T09:00:00Z), `allow` (default all), `allow_private`, `test_to`, `message`
- `blocklists = true`: blocklists may be asked
- `arrived`: the message that has arrived, see tests.rules.letters; settings, zone, `test_to` and `message` then have defaults;
  `bare = true`: no settings, the domain alone
- `content`: of the test message, if it is made of a template
- `only = ["spf"]`: for a rule that concludes, which others run before it (default all)
- `roles = ["from"]` or `["envelope"]`: for a bare domain, which role it has (default both)
- `titles`: {"code" = "text that the title must contain"}; `records`: {"code" = ["replace club.example TXT v=spf1 -all"]}
"""

from __future__ import annotations

import asyncio
import tomllib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from checks.catalogue import Check, catalogue, select
from checks.engine import Run
from checks.evidence import Effect, Reading, adapter
from checks.model import Finding, points_at_records
from checks.probes import KINDS
from checks.settings import Volume, parse
from checks.subject import Content, DomainSubject, Subject, TestPlan, of_settings
from tests.fakes.zone import ZoneWorld
from tests.rules import letters

CASES = Path(__file__).parent / "cases"
NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
KNOWN_KEYS = {
    "name", "says", "never", "says_nothing_else", "zone", "domain", "faults", "settings", "server", "readings", "sending_ips",
    "selectors", "now", "allow", "allow_private", "test_to", "message", "roles", "volume", "titles", "records", "blocklists", "only",
    "arrived", "content", "bare",
}  # fmt: skip


def load() -> list[tuple[str, dict[str, Any]]]:
    """Read every case; a key that the runner does not know is a slip in the case."""
    found = []
    for path in sorted(CASES.glob("*.toml")):
        for case in tomllib.loads(path.read_text("utf-8"))["case"]:
            assert not case.keys() - KNOWN_KEYS, f"{path.name}, {case.get('name')}: unknown keys {case.keys() - KNOWN_KEYS}"
            found.append((path.stem, case))
    return found


ALL = load()


def check_named(stem: str) -> Check:
    return next(check for check in catalogue() if check.id == stem.replace("_", ".", 1).replace("_", "-"))


def run_case(stem: str, case: dict[str, Any]) -> list[Finding]:
    """Judge the world of a case by the rule of its file."""
    now = case.get("now", NOW)
    domain = case.get("domain", "club.example")
    private = case.get("allow_private", False)
    subjects: list[Subject]
    came = letters.arrived(case["arrived"]) if "arrived" in case else None
    usual = {"settings": letters.SETTINGS, "test_to": letters.READER, "message": letters.MARK} if came else {}
    case = {**({} if case.get("bare") else usual), **case}
    if "settings" in case:
        content = Content(**case["content"]) if "content" in case else None
        test = TestPlan(to=case["test_to"], message=case.get("message", ""), content=content) if "test_to" in case else None
        subjects = of_settings(
            parse(case["settings"]), arrival=came.arrival if came else None, now=now, only_server=case.get("server", ""), sending_ips=case.get("sending_ips", ()),
            selectors=case.get("selectors", ()), allow_private=private, test=test, blocklists=case.get("blocklists", False),
        )  # fmt: skip
    else:
        roles = case.get("roles", ["from", "envelope"])
        subjects = [
            DomainSubject(
                now=now, domain=domain, allow_private=private, header_from="from" in roles, envelope="envelope" in roles,
                sending_ips=tuple(case.get("sending_ips", ())), selectors=tuple(case.get("selectors", ())),
                volume=Volume(**case.get("volume", {})), blocklists=case.get("blocklists", False), arrival=came.arrival if came else None,
            )
        ]  # fmt: skip
    readings = {probe_id: _reading(probe_id, fields) for probe_id, fields in case.get("readings", {}).items()}
    readings = {**(came.readings if came else {}), **readings}
    zone = (came.zone if came else "") + case.get("zone", "")
    world = ZoneWorld(zone, origin=domain, faults=case.get("faults"), readings=readings)
    run = Run(gather=world, allow=frozenset(Effect(word) for word in case.get("allow", ["look", "login", "send"])), deadline=30)
    check = check_named(stem)
    others = select(case.get("only", ())) if check.conclude else ()
    everything = asyncio.run(run.judge([*(other for other in others if other.id != check.id), check], subjects))
    results = [result for result in everything if result.check == check.id]
    assert not any(result.traceback for result in results), results[0].traceback
    assert len(world.asked) == len(set(world.asked)), "a question was asked twice"
    findings = [finding for result in results for finding in result.findings]
    if not check.conclude:
        _remedies_hold(check, run, subjects, findings)
    return findings


def _remedies_hold(check: Check, run: Run, subjects: list[Subject], shown: list[Finding]) -> None:
    """No record that a rule proposes was found wanting when the changed zone was judged."""
    fitting = [subject for subject in subjects if isinstance(subject, check.subject_type)]
    proposed = [finding for subject in fitting for finding in asyncio.run(run._judge_one(check, subject, run.readings))]
    for before, after in zip(proposed, shown, strict=True):
        if before.remedy and before.remedy.records:
            assert after.remedy is not None
            assert after.remedy.records == before.remedy.records, (
                f"{before.code}: these records would not mend it: {before.remedy.records}"
            )


def _reading(probe_id: str, fields: dict[str, Any]) -> Reading:
    cls = KINDS[probe_id.partition(" ")[0]].reading
    reading: Reading = adapter(cls).validate_python(fields)
    return reading


@pytest.mark.parametrize(("stem", "case"), ALL, ids=[f"{stem}: {case['name']}" for stem, case in ALL])
def test_case(stem: str, case: dict[str, Any]) -> None:
    """The rule says what the case demands, and nothing that it forbids."""
    findings = run_case(stem, case)
    said = {finding.code for finding in findings}
    assert said >= set(case["says"]), f"said only {sorted(said)}"
    assert not said & set(case.get("never", ())), f"said {sorted(said)}"
    assert said, "a check always says something"
    if case.get("says_nothing_else"):
        assert said == set(case["says"])
    for code, text in case.get("titles", {}).items():
        assert any(text in finding.title for finding in findings if finding.code == code), [finding.title for finding in findings]
    for code, records in case.get("records", {}).items():
        shown = [
            f"{change.action} {change.name} {change.type} {change.value}"
            for finding in findings if finding.code == code and finding.remedy for change in finding.remedy.records
        ]  # fmt: skip
        assert shown == records
    for remedy in (finding.remedy for finding in findings if finding.remedy and not finding.remedy.records):
        assert not any(map(points_at_records, remedy.steps)), "a step points at a record that is not shown"


def test_every_outcome_is_reached_by_some_case() -> None:
    """No sentence of the catalogue is dead: some world makes each rule say each of its outcomes."""
    said: dict[str, set[str]] = {}
    for stem, case in ALL:
        said.setdefault(check_named(stem).id, set()).update(case["says"])
    silent = {check.id: sorted({outcome.code for outcome in check.outcomes} - said.get(check.id, set())) for check in catalogue()}
    assert not {check: codes for check, codes in silent.items() if codes}


def test_every_check_has_a_case_where_it_could_not_tell_or_needs_no_answer() -> None:
    """Each rule that asks DNS is tried with a failing name server; then it must say unknown, never "missing"."""
    tried = {stem for stem, case in ALL if case.get("faults")}
    asks_dns = {check.id.replace(".", "_", 1).replace("-", "_") for check in catalogue() if "DnsProbe" in check.judge.__globals__}
    assert asks_dns <= tried
