"""The page: verdict first, complete without a script, and the same page whatever strangers wrote into it."""

from __future__ import annotations

import base64
import hashlib
import itertools
import json
import re
from pathlib import Path
from typing import Any

import pytest

from checks.model import CheckResult, Outcome, Status, Verdict
from reports import html
from reports.html import IndexRow, render_index
from reports.model import Report, build
from tests.reports import pages, sample

ROOT = Path(html.__file__).parent
HOSTILE = (
    "\"'><script>XSSCANARY</script><img src=x onerror=alert(1)><b a='\"&</style></pre></code></title>{{7191*7919}}{%25 raw %25}"
    "\x1b]0;ESCCANARY\x07\u202e\u200b\x00\r\nLOGCANARY\x9b31m javascript:alert(1) &lt;"
)
BENIGN = re.sub(r"[^A-Za-z0-9 ]", "x", HOSTILE)
FIXED = {"schema", "status", "verdict", "taken_at", "exit_code", "action", "owner", "kind"}


def poisoned(report: Report, poison: str) -> Report:
    """Append the poison to every text and key of the report that is not an enumeration."""

    def spoil(value: Any, key: str = "") -> Any:
        if isinstance(value, dict):
            mark = poison if key in ("observations", "port_map") else ""
            return {name + mark: spoil(inner, name) for name, inner in value.items()}
        if isinstance(value, list):
            return [spoil(item, key) for item in value]
        return value + poison if isinstance(value, str) and key not in FIXED and key != "state" else value

    found = spoil(json.loads(report.to_json()))
    found["checks"][0]["check"] = "settings.default"  # the manual is ours
    found["vantage"]["port_map"] = {poison: poison}
    found["vantage"]["extra " + poison] = poison
    found["subject"]["servers"][0]["extra " + poison] = {poison: poison}
    return Report.from_json(json.dumps(found))


def customer_page() -> pages.Page:
    return pages.read(html.render(sample.customer(), manual=sample.manual))


def test_hostile_text_changes_no_element_and_no_attribute() -> None:
    """Script, quotes, template braces and escapes in every field: the page has the same elements as with harmless letters."""
    hostile = html.render(poisoned(sample.customer(), HOSTILE), manual=sample.manual)
    benign = html.render(poisoned(sample.customer(), BENIGN), manual=sample.manual)
    bad, good = pages.read(hostile), pages.read(benign)
    assert bad.tags == good.tags
    assert "XSSCANARY" in bad.text
    assert "XSSCANARY" not in "".join(bad.raw["script"] + bad.raw["style"])
    assert "56945529" not in hostile
    assert "<b a='" not in hostile
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u202e]", hostile)
    assert "\\u202e" in bad.text
    assert bad.comments == []


def test_hostile_targets_change_nothing_in_the_list_of_an_audit() -> None:
    def page(poison: str) -> pages.Page:
        rows = [
            IndexRow(
                target=f"club{poison}",
                verdict=Verdict.READY,
                counts={Status.PASS: 1},
                report=f"a/{poison}x.html".replace("\\", ""),
            ),
            IndexRow(target=f"b{poison}", verdict=None, counts={}, problem=poison),
        ]
        return pages.read(render_index(rows, taken_at=sample.TAKEN, tool=f"t{poison}", title=f"A{poison}"))

    bad = page(HOSTILE)
    assert bad.tags == page(BENIGN).tags
    assert all(value.startswith("./") for value in bad.values("href"))


@pytest.mark.parametrize(
    "make",
    [lambda: html.render(sample.customer(), manual=sample.manual), lambda: render_index([], taken_at=sample.TAKEN, tool="t")],
)
def test_the_policy_names_exactly_our_style_and_script(make: Any) -> None:
    """Nothing else runs or loads: default-src 'none', hashes of what really stands in the page."""
    page = pages.read(make())
    policy = next(value for value in page.values("content") if "default-src" in value)
    rules = dict(part.strip().split(" ", 1) for part in policy.split(";"))
    assert rules["default-src"] == "'none'"
    assert rules.keys() <= {"default-src", "style-src", "script-src", "base-uri", "form-action"}
    for kind in ("style", "script"):
        blocks = page.raw.get(kind, [])
        hashes = ["'sha256-" + base64.b64encode(hashlib.sha256(block.encode()).digest()).decode() + "'" for block in blocks]
        assert rules.get(f"{kind}-src", "") == " ".join(hashes)


def test_nothing_is_loaded_and_links_lead_only_where_they_should() -> None:
    """No src, no form, no inline style or handler; https: pages of ours or places in the page."""
    for report in (sample.customer(), poisoned(sample.customer(), HOSTILE)):
        page = pages.read(html.render(report, manual=sample.manual))
        names = {name for _, name, _ in page.attributes}
        assert not names & {"src", "srcset", "style", "action", "formaction", "background", "poster", "ping"}
        assert not any(name.startswith("on") for name in names)
        assert not {tag for tag, _ in page.tags} & {"link", "img", "iframe", "object", "embed", "form", "base", "video", "audio"}
        ids = page.values("id")
        assert len(ids) == len(set(ids)), "an id occurs twice"
        for href in page.values("href"):
            assert href.startswith("https://") or href[1:] in ids
        for key in ("aria-labelledby", "data-copy"):
            assert set(page.values(key)) <= set(ids)


def test_nothing_in_the_package_marks_text_as_safe() -> None:
    """Escaping has no exceptions: no `safe` filter, no Markup, no switch that turns it off."""
    for path in [*ROOT.rglob("*.py"), *ROOT.rglob("templates/*")]:
        text = path.read_text("utf-8")
        assert not re.search(r"\|\s*safe\b|\bMarkup\b|autoescape\s+false|autoescape=False|\{%-?\s*autoescape", text), path.name


def test_the_environment_escapes_whatever_a_template_is_called() -> None:
    environment = html._environment()
    assert environment.autoescape is True
    assert environment.from_string("{{ x }}").render(x="<b a='\"&") == "&lt;b a=&#39;&#34;&amp;"
    with pytest.raises(Exception, match="is undefined"):
        environment.from_string("{{ nosuch }}").render()


def test_the_headings_descend_in_order_and_tables_have_captions() -> None:
    page = customer_page()
    levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))
    tags = [tag for tag, _ in page.tags]
    assert tags.count("table") == tags.count("caption")
    assert ("html", "lang", "en") in page.attributes


def test_the_verdict_comes_first_with_who_must_act() -> None:
    text = customer_page().text
    verdict = text.index("Not ready : 2 DNS records to change by your DNS administrator, 1 task for you")
    order = [
        text.index(words)
        for words in ("Test mode is on.", "What was examined", "What to do Grouped", "How we know: every question")
    ]
    assert verdict < order[0]
    assert order == sorted(order)


def test_each_person_finds_their_part_and_a_text_to_send() -> None:
    """Grouped by who must do it; the text holds the records and stands on its own."""
    page = customer_page()
    for name in ("Your DNS administrator", "Your mail administrator", "The mail provider", "You or your support contact"):
        assert name in page.text
    mails = [text for text in page.texts if text.startswith("Subject:")]
    assert len(mails) == 4
    assert "ADD TXT record" in mails[0]
    assert sample.NEW_SPF in mails[0]
    assert sample.KEY in mails[0]


def test_a_record_is_shown_in_both_forms_of_name_and_value() -> None:
    page = customer_page()
    texts = [text.strip() for text in page.texts]
    assert "s1._domainkey.club.example" in texts
    assert "s1._domainkey" in texts
    assert sample.KEY in texts
    parts = next(text for text in texts if text.startswith('"v=DKIM1'))
    pieces = parts[1:-1].split('" "')
    assert "".join(pieces) == sample.KEY
    assert all(len(piece) <= 255 for piece in pieces)
    assert all(old in texts for old in sample.OLD_SPF)


def test_accepted_is_never_called_delivered() -> None:
    text = customer_page().text
    assert "Accepted by the server is not yet delivered" in text
    assert "was delivered" not in text


def test_passed_checks_are_folded_with_their_count() -> None:
    assert "6 passed" in customer_page().text


def test_every_consulted_question_leads_to_its_answer() -> None:
    page = customer_page()
    ids = [value for value in page.values("id") if value.startswith("seen-")]
    assert len(ids) == len(sample.readings())
    assert set(ids) <= {href[1:] for href in page.values("href")}


def test_the_footer_has_the_digest_of_the_json_twin() -> None:
    assert sample.customer().digest() in customer_page().text


def test_a_flood_of_findings_and_giant_values_stays_readable() -> None:
    """900 findings of 60 KB: a page of bounded size that says what it left out."""
    odd = Outcome(code="spf.odd", status=Status.FAIL, title="{text}")
    results = [CheckResult(check="spf.odd", findings=tuple(odd(about=f"d{number}", text="x" * 60_000) for number in range(900)))]
    report = build(results=results, tool="t", taken_at=sample.TAKEN, subject={}, vantage={}, tables=[])
    page = html.render(report)
    assert len(page) < 1_500_000
    assert "60,000 characters in all" in page
    assert "700 more findings are in report.json" in page


@pytest.mark.parametrize("junk", [None, 5, "text", [], [1, None, "x"], {"a": 1}, True])
def test_open_objects_may_hold_anything(junk: Any) -> None:
    """`subject` and `vantage` are open: whatever is in them, there is a page."""
    keys = ["kind", "name", "domains", "servers", "test_mode", "test_message", "sending_ips", "selectors", "file"]
    places = ["nameservers", "allowed", "port_map", "ca_file", "deadline_seconds", "observations", "not_tested", "other"]
    report = build(
        results=sample.faults(),
        tool="t",
        taken_at=sample.TAKEN,
        subject=dict.fromkeys(keys, junk),
        vantage=dict.fromkeys(places, junk),
        tables=[],
    )
    pages.read(html.render(report, manual=sample.manual))
    nested = build(
        results=[], tool="t", taken_at=sample.TAKEN, subject={"servers": [dict.fromkeys(["name", "host", "sender", "limit", "password", "port"], junk)]},
        vantage={"observations": {"dns x TXT": junk, "y": {"state": junk, "text": junk}}}, tables=[],
    )  # fmt: skip
    pages.read(html.render(nested))
