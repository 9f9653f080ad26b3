"""What the flags of the commands take."""

from __future__ import annotations

import click
import pytest

from wizard.commands.check import command
from wizard.options import selectors

CONTEXT = click.Context(command)
FLAG = click.Option(["--selector"])


@pytest.mark.parametrize("pasted", ["s1", "s=s1", "s1._domainkey", "s1._domainkey.club.example", "s1,s1", " s1 "])
def test_a_selector_may_be_pasted_as_it_stands_in_a_message_or_in_dns(pasted: str) -> None:
    """A whole name is not taken for a selector, whose key would then be missing."""
    assert selectors(CONTEXT, FLAG, [pasted]) == ("s1",)


def test_several_selectors() -> None:
    """By comma, or by giving the flag again."""
    assert selectors(CONTEXT, FLAG, ["s1,a.b", "x_1"]) == ("s1", "a.b", "x_1")


def test_what_can_be_no_selector_is_a_wrong_usage() -> None:
    """And is told as such."""
    with pytest.raises(click.BadParameter, match="like selector1"):
        selectors(CONTEXT, FLAG, ["a/b"])
