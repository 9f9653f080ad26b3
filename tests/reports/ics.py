"""Reads an iCalendar file the way the standard has it (RFC 5545), and forgives nothing. Shares no code with the writer."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

CONTENT_LINE = re.compile(
    r"(?P<name>[A-Z0-9-]+)(?P<parameters>(?:;[A-Z0-9-]+=[A-Za-z0-9_-]+)*):(?P<value>[^\x00-\x08\x0a-\x1f\x7f]*)"
)
ESCAPE = re.compile(r"\\(.)", re.DOTALL)
TEXTS = ("SUMMARY", "DESCRIPTION", "PRODID")


@dataclass
class Component:
    """One BEGIN ... END."""

    name: str
    properties: dict[str, str] = field(default_factory=dict)
    parameters: dict[str, str] = field(default_factory=dict)
    parts: list[Component] = field(default_factory=list)

    def text(self, name: str) -> str:
        """A property of type TEXT, as it was meant."""
        return ESCAPE.sub(lambda match: {"n": "\n", "N": "\n"}.get(match[1], match[1]), self.properties[name])

    def all(self, name: str) -> list[Component]:
        return [part for part in self.parts if part.name == name]


def unfolded(text: str) -> list[str]:
    """Section 3.1: lines end in CRLF and have at most 75 octets; a line that begins with a space goes on with the one before."""
    assert text.endswith("\r\n")
    assert not re.search(r"(?<!\r)\n|\r(?!\n)", text), "a line ends in half of CRLF"
    lines: list[str] = []
    for raw in text.removesuffix("\r\n").split("\r\n"):
        assert 0 < len(raw.encode()) <= 75, raw
        if raw.startswith((" ", "\t")):
            lines[-1] += raw[1:]
        else:
            lines.append(raw)
    return lines


def read(text: str) -> Component:
    """Section 3.4: one VCALENDAR; its components nest, each property stands once in each."""
    top = Component("")
    stack = [top]
    for line in unfolded(text):
        match = CONTENT_LINE.fullmatch(line)
        assert match is not None, line
        name, value = match["name"], match["value"]
        if name == "BEGIN":
            stack[-1].parts.append(Component(value))
            stack.append(stack[-1].parts[-1])
        elif name == "END":
            assert stack.pop().name == value
        else:
            assert name not in stack[-1].properties, f"{name} stands twice"
            if name in TEXTS:  # section 3.3.11: a comma, a semicolon and a backslash only behind a backslash
                assert re.fullmatch(r"(?:[^\\;,]|\\[\\;,nN])*", value), value
            stack[-1].properties[name] = value
            stack[-1].parameters[name] = match["parameters"]
    assert stack == [top]
    (calendar,) = top.parts
    assert calendar.name == "VCALENDAR"
    assert (calendar.properties["VERSION"], "PRODID" in calendar.properties) == ("2.0", True)
    assert calendar.parts, "section 3.6: one component at least"
    uids = [event.properties["UID"] for event in calendar.all("VEVENT")]
    assert len(uids) == len(set(uids))
    for event in calendar.all("VEVENT"):
        assert re.fullmatch(r"\d{8}T\d{6}Z", event.properties["DTSTAMP"])
        assert event.parameters["DTSTART"] == ";VALUE=DATE"
        assert re.fullmatch(r"\d{8}", event.properties["DTSTART"])
        for alarm in event.parts:  # section 3.6.6
            assert alarm.name == "VALARM"
            assert alarm.properties.keys() == {"ACTION", "DESCRIPTION", "TRIGGER"}
            assert alarm.properties["ACTION"] == "DISPLAY"
            assert re.fullmatch(r"-?P(?:\d+D)?(?:T\d+H)?", alarm.properties["TRIGGER"])
    return calendar
