"""The pages in Chromium: they fit every width in both schemes, copy what they show, keep to their policy, and need no script."""

from __future__ import annotations

import os
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import Any

import pytest

from checks.model import Status, Verdict
from reports import html
from tests.reports import golden, sample, sample_spf
from tests.reports.test_calendar import hostile
from tests.reports.test_html import HOSTILE, poisoned

playwright = pytest.importorskip("playwright.sync_api")
CHROMIUM = Path(os.environ.get("CHROMIUM", "/usr/bin/chromium"))
AXE = resources.files("axe_playwright_python").joinpath("axe.min.js")
pytestmark = [pytest.mark.browser, pytest.mark.skipif(not CHROMIUM.exists(), reason="Chromium is not installed")]
WIDTHS = (320, 380, 1280)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with playwright.sync_playwright() as driver:
        found = driver.chromium.launch(
            executable_path=str(CHROMIUM), args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
        )
        yield found
        found.close()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("pages")
    for name in ("report.html", "healthy.html", "unanswered.html", "spf.html", "tables.html", "audit.html"):
        (place / name).write_text(golden.FILES[name](), "utf-8")
    (place / "hostile-coming.html").write_text(html.render(hostile(HOSTILE), manual=sample.manual), "utf-8")
    for name, report in (("hostile.html", sample.customer()), ("hostile-spf.html", sample_spf.spf())):
        (place / name).write_text(html.render(poisoned(report, HOSTILE), manual=sample.manual), "utf-8")
    return place


class Visit:
    """One page in one window; remembers what it complained about and what it tried to load."""

    def __init__(self, browser: Any, path: Path, **options: Any) -> None:
        self.context = browser.new_context(**{"viewport": {"width": 1280, "height": 900}, **options})
        self.complaints: list[str] = []
        self.loaded: list[str] = []
        self.page = self.context.new_page()
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", lambda request: self.loaded.append(request.url))
        self.page.on("dialog", self._refuse)
        self.context.route("**/*", lambda route: route.continue_() if route.request.url.startswith("file:") else route.abort())
        self.page.goto(path.as_uri())

    def _refuse(self, dialog: Any) -> None:
        self.complaints.append(dialog.message)
        dialog.dismiss()

    def __enter__(self) -> Any:
        return self.page

    def __exit__(self, *_: object) -> None:
        self.context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize(
    "name",
    [
        "report.html",
        "healthy.html",
        "unanswered.html",
        "spf.html",
        "tables.html",
        "audit.html",
        "hostile.html",
        "hostile-spf.html",
        "hostile-coming.html",
    ],
)
def test_it_fits_the_window_and_keeps_to_its_policy(browser: Any, folder: Path, name: str, width: int, scheme: str) -> None:
    """Nothing needs sideways scrolling, everything folded included; nothing is loaded; the console stays empty."""
    visit = Visit(browser, folder / name, viewport={"width": width, "height": 900}, color_scheme=scheme)
    with visit as page:
        page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
        wide = page.evaluate(
            """() => [...document.querySelectorAll('body *')].filter(e => !e.closest('.unseen, .skip, .targets thead')
               && (e.getBoundingClientRect().right > innerWidth + 0.5 || e.getBoundingClientRect().left < -0.5)).map(e => e.outerHTML.slice(0, 120))"""
        )
        assert wide == []
        assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
        assert visit.loaded == [(folder / name).as_uri()]
        assert visit.complaints == []


def test_the_copy_buttons_copy_exactly_what_is_shown(browser: Any, folder: Path) -> None:
    """The value of a record reaches the clipboard without a break or a quote too many."""
    with Visit(browser, folder / "report.html", permissions=["clipboard-read", "clipboard-write"]) as page:
        for value in (sample.NEW_SPF, sample.KEY):
            row = page.locator(".field", has=page.locator("code", has_text=value)).first
            row.get_by_role("button").click()
            playwright.expect(page.locator("#said")).to_have_text("Copied.")
            assert page.evaluate("navigator.clipboard.readText()") == value
            page.evaluate("document.getElementById('said').textContent = ''")
        page.locator("details.mail summary").first.click()
        page.locator("details.mail").first.get_by_role("button").click()
        playwright.expect(page.locator("#said")).to_have_text("Copied.")
        assert page.evaluate("navigator.clipboard.readText()").startswith("Subject: DNS changes for club.example")


def test_a_command_is_copied_as_one_line_and_breaks_between_words_only(browser: Any, folder: Path) -> None:
    """Not inside --only, and not behind a hyphen."""
    options = {"viewport": {"width": 380, "height": 900}, "permissions": ["clipboard-read", "clipboard-write"]}
    with Visit(browser, folder / "report.html", **options) as page:
        box = page.locator(".verify .field", has_text="spf.multiple-records").first
        words = box.locator(".unit").all()
        assert len({word.bounding_box()["y"] for word in words}) > 1
        assert all(word.bounding_box()["height"] < 30 for word in words)
        box.get_by_role("button").click()
        playwright.expect(page.locator("#said")).to_have_text("Copied.")
        wanted = "sendready check settings.toml --selector s1 --only spf.multiple-records --nameserver 192.0.2.53:53"
        assert page.evaluate("navigator.clipboard.readText()") == wanted


def test_ordinary_domains_stay_whole_in_an_audit(browser: Any, tmp_path: Path) -> None:
    """A domain of 40 letters is not broken at 1280 pixels."""
    target = "mitgliederbuero.golfclub-birkenhain.example"
    row = html.IndexRow(
        target=target, verdict=Verdict.READY_WITH_WARNINGS, counts=dict.fromkeys(Status, 12_345), report="a/report.html"
    )
    (tmp_path / "audit.html").write_text(html.render_index([row], taken_at=sample.TAKEN, tool=sample.TOOL), "utf-8")
    with Visit(browser, tmp_path / "audit.html") as page:
        lines = page.evaluate(
            "(() => { const r = document.createRange(); r.selectNodeContents(document.querySelector('tbody th a')); return r.getClientRects().length })()"
        )
        assert lines == 1


def test_without_script_everything_can_be_read(browser: Any, folder: Path) -> None:
    """No button that does nothing; folded parts open by themselves."""
    with Visit(browser, folder / "report.html", java_script_enabled=False) as page:
        assert page.locator("button:visible").count() == 0
        assert page.get_by_role("heading", level=1).is_visible()
        assert page.get_by_text(sample.NEW_SPF, exact=True).first.is_visible()
        page.locator("summary", has_text="passed").click()
        assert page.get_by_text("Exactly one server is the default").is_visible()


def test_a_link_to_the_evidence_opens_it(browser: Any, folder: Path) -> None:
    with Visit(browser, folder / "report.html") as page:
        page.locator(".known a", has_text="dns club.example TXT").first.click()
        assert page.get_by_text("answered by 192.0.2.53:53").first.is_visible() or page.locator("pre:target").is_visible()
        assert page.locator("pre:target").is_visible()


@pytest.mark.parametrize(("width", "beside"), [(1280, True), (380, False)])
def test_worst_case_and_real_use_stand_side_by_side_where_there_is_room(
    browser: Any, folder: Path, width: int, beside: bool
) -> None:
    with Visit(browser, folder / "spf.html", viewport={"width": width, "height": 900}) as page:
        worst, used = (page.locator(".figure .part").nth(place).bounding_box() for place in range(2))
        assert (used["x"] >= worst["x"] + worst["width"]) is beside
        assert (used["y"] >= worst["y"] + worst["height"]) is not beside
        deep = page.locator("code", has_text="include:u11.sendgrid.net").first.bounding_box()
        above = page.locator("code", has_text="include:u1.sendgrid.net").first.bounding_box()
        assert deep["x"] > above["x"]


def test_on_paper_everything_is_unfolded(browser: Any, folder: Path) -> None:
    """Also without script: a printed report has its evidence."""
    for script in (True, False):
        with Visit(browser, folder / "report.html", java_script_enabled=script) as page:
            page.emulate_media(media="print")
            assert all(
                box and box["height"] > 10
                for box in (page.locator(".evidence pre").nth(place).bounding_box() for place in range(5))
            )
            assert page.locator("button:visible").count() == 0


@pytest.mark.parametrize("width", WIDTHS)
def test_everything_to_click_is_large_enough(browser: Any, folder: Path, width: int) -> None:
    """44 pixels for buttons and what folds (WCAG 2.2, criterion 2.5.5)."""
    with Visit(browser, folder / "report.html", viewport={"width": width, "height": 900}) as page:
        heights = page.evaluate(
            "[...document.querySelectorAll('button, summary, .counts a, .jump a')].filter(e => e.checkVisibility()).map(e => e.getBoundingClientRect().height)"
        )
        assert heights
        assert min(heights) >= 44


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("colours", ["none", "active"])
@pytest.mark.parametrize("name", ["report.html", "healthy.html", "unanswered.html", "spf.html", "audit.html"])
def test_axe_finds_nothing(browser: Any, folder: Path, name: str, scheme: str, colours: str) -> None:
    """WCAG 2.0 to 2.2, A and AA, and best practice."""
    with Visit(browser, folder / name, color_scheme=scheme, forced_colors=colours) as page:
        page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
        page.evaluate(AXE.read_text("utf-8"))
        found = page.evaluate(
            "axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']})"
        )
        assert [(rule["id"], [node["html"][:200] for node in rule["nodes"]]) for rule in found["violations"]] == []
