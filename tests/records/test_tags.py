"""Tag lists: what is read, what becomes a problem, and that nothing else can happen."""

from hypothesis import given
from hypothesis import strategies as st

from checks.records.tags import MAX_PROBLEMS, MAX_TAGS, parse_tags


def pairs(text: str) -> list[tuple[str, str]]:
    return [(tag.name, tag.value) for tag in parse_tags(text).tags]


def kinds(text: str) -> list[str]:
    return [problem.kind for problem in parse_tags(text).problems]


def test_plain_list() -> None:
    """Names and values come without the space around them; inner space stays."""
    assert pairs("v=DKIM1; k = rsa ;\tp=AB CD;") == [("v", "DKIM1"), ("k", "rsa"), ("p", "AB CD")]
    assert kinds("v=DKIM1; k = rsa ;\tp=AB CD;") == []


def test_positions_point_at_the_text() -> None:
    """A position is an offset into the text as published."""
    text = "v=DMARC1;  p = none"
    tag = parse_tags(text).get("p")
    assert tag is not None
    assert text[tag.position] == "p"
    assert text[tag.value_position :] == "none"


def test_empty_value_is_a_value() -> None:
    """An empty p= withdraws a key; it is no slip of the list."""
    assert pairs("p=") == [("p", "")]
    assert kinds("p=") == []


def test_equals_in_a_value() -> None:
    """Only the first equals sign parts name and value."""
    assert pairs("p=AA==") == [("p", "AA==")]


def test_slips() -> None:
    """Each slip has its kind."""
    assert kinds("v=A;;p=b") == ["empty-part"]
    assert kinds("v=A; none") == ["no-equals"]
    assert kinds("v=A; 1p=none") == ["bad-name"]
    assert kinds("v=A; p=a; p=b") == ["duplicate-tag"]
    assert kinds("v=A; p=n\xf6ne") == ["bad-character"]
    assert kinds("v=A\\; p=none") == ["escaped-semicolon"]


def test_position_of_a_slip() -> None:
    """The position is that of the offending character."""
    assert parse_tags("v=A; none").problems[0].position == 5
    assert parse_tags("v=A; p=n\xf6ne").problems[0].position == 8
    assert parse_tags("v=A\\; p=none").problems[0].position == 3
    assert str(parse_tags("v=A; none").problems[0]) == "character 6: a part without an equals sign"


def test_floods_are_bounded() -> None:
    """Thousands of tags or slips cost no more than the first ones."""
    assert len(parse_tags(";".join(f"a{n}=b" for n in range(9000))).tags) == MAX_TAGS
    assert len(parse_tags("x;" * 9000).problems) == MAX_PROBLEMS


@given(st.text(max_size=300) | st.text(alphabet="vpk=; \t\\AB1\xff", max_size=60))
def test_any_text_is_read(text: str) -> None:
    """Whatever comes, positions lie within the text and values are parts of it."""
    listed = parse_tags(text)
    assert listed.end == len(text)
    assert all(text[tag.value_position :].startswith(tag.value) for tag in listed.tags)
    assert all(text[tag.position :].startswith(tag.name) for tag in listed.tags)
    assert all(0 <= problem.position <= len(text) for problem in listed.problems)
