"""Options common to every command that looks at the world, and what they mean."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import click

from checks.evidence import Effect

F = TypeVar("F", bound=Callable[..., Any])

DEFAULT_TIMEOUT = 60.0
FORMATS = ("text", "json", "html", "markdown", "csv", "junit", "nagios", "ics")


@dataclass(frozen=True, kw_only=True)
class World:
    """How to look at the world, from the flags."""

    nameservers: tuple[tuple[str, int], ...]
    """Empty: the system's own."""
    timeout: float
    allow_private: bool
    ca_file: Path | None
    port_map: Mapping[int, int]
    evidence: Path | None
    """Saved evidence to start from; what it lacks is asked."""
    now: datetime
    """As of when to judge; the real time unless --now says otherwise."""
    taken_at: datetime
    """The real time."""

    def renewed(self) -> World:
        """Return this world as of the present moment: a person may have typed for an hour. A moment given by --now stays."""
        moment = _present()
        return replace(self, taken_at=moment, now=moment if self.now == self.taken_at else self.now)


def _present() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


FLAGS = tuple(name for name in World.__dataclass_fields__ if name not in ("now", "taken_at"))


def world_options(function: F, *, timeout: float = DEFAULT_TIMEOUT, longest: float = 3600) -> F:
    """Add the common options; the command receives them as one `world: World`. `timeout`: the default of --timeout, in seconds."""
    import functools  # noqa: PLC0415 - small, but --help of the group needs none of this module

    @click.option(
        "--nameserver",
        "nameservers",
        multiple=True,
        metavar="ADDRESS[:PORT]",
        callback=_nameservers,
        help="Ask this name server instead of the system's. Repeatable.",
    )
    @click.option(
        "--timeout",
        type=click.FloatRange(0.1, longest),
        default=timeout,
        show_default=True,
        metavar="SECONDS",
        help="Deadline of the whole run.",
    )
    @click.option("--allow-private", is_flag=True, help="Addresses of private networks are no finding (lab and intranet).")
    @click.option(
        "--ca-file",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        metavar="PEM",
        help="Trust these certificate authorities too.",
    )
    @click.option(
        "--port-map",
        "port_map",
        multiple=True,
        metavar="A:B",
        callback=_port_map,
        help="Connect to port B where A is meant (lab; the report says so).",
    )
    @click.option(
        "--evidence",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        metavar="FILE",
        help="Start from saved evidence; ask only what it lacks.",
    )
    @click.option(
        "--now", metavar="TIME", callback=read_time, help="Judge as of this moment (ISO 8601, like 2027-01-15T09:00:00Z)."
    )
    @functools.wraps(function)
    def wrapper(**values: Any) -> Any:
        taken_at = _present()
        now = values.pop("now") or taken_at
        world = World(now=now, taken_at=taken_at, **{name: values.pop(name) for name in FLAGS})
        return function(world=world, **values)

    return wrapper  # type: ignore[return-value]  # click decorators keep the callable's kind, not its signature


def template_option(function: F) -> F:
    """Add `--template`; the command receives a name, empty if none was given."""
    return click.option(
        "--template",
        default="",
        metavar="NAME",
        help="Send this template of the settings as the test message: its subject, sender, file (.txt or .html) and unsubscribe address.",
    )(function)


def arrival_options(function: F) -> F:
    """Add `--arrival` and `--arrival-password`; the command receives them as text and as (source, reference)."""
    function = click.option(
        "--arrival-password",
        callback=secret_reference,
        metavar="SOURCE:REF",
        help="Where the password of the mailbox is kept: file:PATH, env:NAME, keyring:SERVICE/USER, command:LINE or credential:NAME.",
    )(function)
    return click.option(
        "--arrival",
        metavar="URL|FILE|-",
        help="Look at the message as it arrived: in its mailbox (imap://USER@HOST or imaps://USER@HOST; waits for it, 180 seconds unless --timeout says otherwise), or saved as FILE (- is standard input).",
    )(function)


def secret_reference(_ctx: click.Context, _param: click.Parameter, value: str | None) -> tuple[str, str] | None:
    """Read where a password is kept. The message never repeats the text: it may be the password."""
    if value is None:
        return None
    from checks.secret import SecretSource  # noqa: PLC0415 - only for this option
    from wizard.parsing import reference  # noqa: PLC0415 - pydantic is slow to import

    source, colon, text = value.partition(":")
    if not colon or source not in set(SecretSource):
        raise click.BadParameter(
            "say where the password is kept, not the password itself, like file:imap.password or env:IMAP_PASSWORD"
        )
    try:
        found = reference(source, text)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None
    # What stands on a command line is meant from here; references in settings start from the settings.
    return source, str(Path(found).absolute()) if source == SecretSource.FILE else found


def effects(_ctx: click.Context, _param: click.Parameter, value: str | None) -> frozenset[Effect] | None:
    """Read `--allow look,login,send`. An effect without those before it is a slip, told before anything is done."""
    if value is None:
        return None
    words = [word.strip().lower() for word in value.split(",") if word.strip()]
    try:
        allowed = frozenset(Effect(word) for word in words)
    except ValueError:
        raise click.BadParameter("give a list made of look, login and send, like look,login") from None
    for effect, needs in ((Effect.LOGIN, Effect.LOOK), (Effect.SEND, Effect.LOGIN)):
        if effect in allowed and needs not in allowed:
            raise click.BadParameter(f"{effect} includes {needs}; give look, or look,login, or look,login,send")
    if not allowed:
        raise click.BadParameter("nothing would be checked; give look, or look,login, or look,login,send")
    return allowed


def words(_ctx: click.Context, _param: click.Parameter, value: Sequence[str]) -> tuple[str, ...]:
    """Read comma-separated words, repeatable."""
    return tuple(word.strip() for part in value for word in part.split(",") if word.strip())


def selectors(_ctx: click.Context, _param: click.Parameter, value: Sequence[str]) -> tuple[str, ...]:
    """Read DKIM selectors, also as they are pasted from a message or from DNS."""
    from wizard import parsing  # noqa: PLC0415 - only commands with selectors need it

    try:
        return parsing.selectors(",".join(value))
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


def addresses(_ctx: click.Context, _param: click.Parameter, value: Sequence[str]) -> tuple[str, ...]:
    """Read IP addresses."""
    import ipaddress  # noqa: PLC0415 - only commands with addresses need it

    try:
        return tuple(str(ipaddress.ip_address(text.strip())) for text in value)
    except ValueError:
        raise click.BadParameter("give an IP address, like 192.0.2.7 or 2001:db8::7") from None


def domain(_ctx: click.Context, _param: click.Parameter, value: str | None) -> str | None:
    """Read a domain; international names become A-labels."""
    if value is None:
        return None
    from checks.values import normal_domain  # noqa: PLC0415 - pydantic is slow to import

    try:
        return normal_domain(value)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


def mailbox(_ctx: click.Context, _param: click.Parameter, value: str | None) -> str | None:
    """Read one mail address."""
    if value is None:
        return None
    from wizard.parsing import address  # noqa: PLC0415 - pydantic is slow to import

    try:
        return address(value)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


def _nameservers(_ctx: click.Context, _param: click.Parameter, value: Sequence[str]) -> tuple[tuple[str, int], ...]:
    if not value:
        return ()
    from checks.gather.dns import parse_nameserver  # noqa: PLC0415 - dnspython is slow to import

    try:
        return tuple(parse_nameserver(text) for text in value)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


def _port_map(_ctx: click.Context, _param: click.Parameter, value: Sequence[str]) -> dict[int, int]:
    found = {}
    for text in value:
        meant, _, real = text.partition(":")
        if not (
            meant.isascii()
            and meant.isdigit()
            and real.isascii()
            and real.isdigit()
            and 0 < int(meant) < 65536
            and 0 < int(real) < 65536
        ):
            raise click.BadParameter("give two ports, like 587:10587")
        found[int(meant)] = int(real)
    return found


def read_time(_ctx: click.Context, _param: click.Parameter, value: str | None) -> datetime | None:
    """Read a moment in ISO 8601; without a zone it is UTC."""
    if value is None:
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        raise click.BadParameter("give a time in ISO 8601, like 2027-01-15T09:00:00Z") from None
    try:
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except OverflowError:
        raise click.BadParameter("give a time between the years 1 and 9999") from None
