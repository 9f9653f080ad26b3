"""report.json follows its contract to the letter, is strict JSON whatever strangers wrote, and reads back equal."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from typing import Any

import jsonschema
import pytest

from checks.catalogue import catalogue
from checks.model import Action, CheckResult, DnsChange, Outcome, Owner, Status
from reports.model import FAMILIES, Report, build, json_schema
from tests.reports import sample

KEYS = ["schema", "tool", "taken_at", "subject", "verdict", "exit_code", "vantage", "checks", "tables"]
FINDING = ["code", "status", "about", "title", "args", "remedy", "references", "consulted", "fingerprint"]


def document() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(sample.customer().to_json())
    return found


def test_the_keys_are_those_of_the_contract_and_no_others() -> None:
    """DESIGN.md section 5."""
    found = document()
    assert list(found) == KEYS
    for check in found["checks"]:
        assert list(check) == ["check", "status", "findings"]
        for finding in check["findings"]:
            assert list(finding) == FINDING
            if finding["remedy"] is not None:
                assert list(finding["remedy"]) == ["owner", "steps", "records"]
                assert all(list(record) == ["action", "name", "type", "value"] for record in finding["remedy"]["records"])
    assert all(list(table) == ["name", "checked"] for table in found["tables"])


def test_the_document_fits_its_schema() -> None:
    """And the schema itself is one."""
    schema = json_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(document(), schema, cls=jsonschema.Draft202012Validator)
    jsonschema.validate(json.loads(sample.healthy().to_json()), schema)
    assert schema["$id"].startswith("urn:sendready:schema:report")


@pytest.mark.parametrize(
    "spoil",
    [
        lambda found: found.update(extra=1),
        lambda found: found.pop("tables"),
        lambda found: found["checks"][0].update(extra=1),
        lambda found: found["checks"][0]["findings"][0].pop("remedy"),
        lambda found: found["checks"][0]["findings"][0].update(status="perhaps"),
        lambda found: found.update(exit_code=9),
        lambda found: found["tables"][0].update(source="x"),
    ],
)
def test_the_schema_and_the_reader_refuse_what_the_contract_does_not_list(spoil: Any) -> None:
    """Both hold the same line."""
    found = document()
    spoil(found)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(found, json_schema())
    with pytest.raises(ValueError, match=r"^the report does not fit"):
        Report.from_json(json.dumps(found))


def test_it_reads_back_equal_and_its_digest_is_that_of_the_file() -> None:
    """`sha256sum report.json` prints what the report's footer says."""
    report = sample.customer()
    again = Report.from_json(report.to_json())
    assert again == report
    assert again.to_json() == report.to_json()
    assert report.digest() == hashlib.sha256(report.to_json().encode()).hexdigest() == again.digest()
    reordered = json.loads(report.to_json())
    reordered["vantage"] = dict(reversed(reordered["vantage"].items()))
    assert Report.from_json(json.dumps(reordered, indent=3)).digest() == report.digest()


def test_nothing_to_do_is_null() -> None:
    """A passed finding has no remedy, not an empty one."""
    findings = [finding for check in document()["checks"] for finding in check["findings"]]
    assert all(finding["remedy"] is None for finding in findings if finding["status"] == "pass")
    assert {finding["status"] for finding in findings} == {str(status) for status in Status}


def test_the_checks_come_in_the_order_in_which_a_person_meets_them() -> None:
    """Settings, domain, server, message, limits; what is not known comes last."""
    families = list(dict.fromkeys(check.check.partition(".")[0] for check in sample.customer().checks))
    assert families == [
        "settings",
        "spf",
        "dkim",
        "dmarc",
        "mx",
        "reverse",
        "port",
        "tls",
        "auth",
        "sender",
        "send",
        "office365",
        "zz",
    ]


def test_every_family_of_checks_has_its_place() -> None:
    """A family that is added to the catalogue is given its place among the others; one that is gone leaves none behind."""
    assert sorted(FAMILIES) == sorted({check.family for check in catalogue()})


@pytest.mark.parametrize(("report", "code"), [(sample.customer(), 2), (sample.healthy(), 0)])
def test_the_exit_code_is_the_verdicts(report: Report, code: int) -> None:
    assert report.exit_code == report.verdict.exit_code == code


STRANGE = "".join(map(chr, range(256))) + "\ud800\udc80\u202e\uffff\U0010ffff"


def strange(value: Any) -> Report:
    odd = Outcome(code="spf.odd", status=Status.NOTE, title="{text}", owner=Owner.US, steps=("{text}",), also=("value",))
    finding = odd(
        about=STRANGE, text=STRANGE, value=value, records=[DnsChange(action=Action.ADD, name=STRANGE, type="TXT", value=STRANGE)]
    )
    result = CheckResult(check="spf.odd", findings=(replace(finding, consulted=(STRANGE,)),))
    return build(
        results=[result], tool=STRANGE, taken_at=sample.TAKEN, subject={STRANGE: STRANGE}, vantage={"n": value}, tables=[]
    )


@pytest.mark.parametrize(
    "value", [None, True, 1, 1.5, float("nan"), float("inf"), STRANGE, ["a"], ("a",), {"b": {1, 2}}, sample.TAKEN, object]
)
def test_whatever_strangers_wrote_the_file_is_strict_ascii_json(value: Any) -> None:
    """All 256 bytes, halves of surrogate pairs, NaN: it can be read by every JSON reader, and nothing is lost silently."""
    text = strange(value).to_json()
    assert text.isascii()
    assert "NaN" not in text
    assert "Infinity" not in text
    found = json.loads(text, parse_constant=pytest.fail)
    json.dumps(found, ensure_ascii=False).encode("utf-8")
    assert found["tool"] == "".join(map(chr, range(256))) + "\\ud800\\udc80\u202e\uffff\U0010ffff"
    assert Report.from_json(text).to_json() == text


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "this is not JSON"),
        ("{", "this is not JSON"),
        ("[" * 100_000, "this is not JSON"),
        ("[]", "this is not a report of sendready"),
        ('{"schema":"sendready.evidence/1"}', "its schema must be sendready.report/1"),
        ('{"schema":"sendready.report/1"}', "tool: Field required"),
        ('{"schema":"sendready.report/1","tool":NaN}', "NaN is no JSON number"),
    ],
)
def test_a_file_that_is_no_report_is_refused_with_a_sentence(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Report.from_json(text)


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("taken_at", "yesterday", "this is not a time"),
        ("taken_at", "2026-11-23T09:00:00", "no time zone"),
        ("exit_code", 0, "exit_code must be 2 for not-ready"),
        ("exit_code", "2", "exit_code"),
        ("verdict", "great", "verdict"),
        ("checks", {}, "checks"),
    ],
)
def test_a_report_that_contradicts_itself_is_refused(key: str, value: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Report.from_json(json.dumps(document() | {key: value}))
