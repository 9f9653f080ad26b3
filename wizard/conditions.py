"""When a question is one, what its answer must fit, and what there is to choose from: small functions over the answers so far."""

from __future__ import annotations

from collections.abc import Callable

from checks.routing import covers
from checks.secret import SecretSource
from checks.settings import Auth
from wizard import parsing, proposals
from wizard.parsing import Value
from wizard.question import Choice
from wizard.view import View

SECRET_PLACES = (SecretSource.FILE, SecretSource.KEYRING)  # where we can store a password for the person


def logs_in(view: View) -> bool:
    """The server wants a login."""
    return view.get("auth") != Auth.NONE.value


def keeps_password_here(view: View) -> bool:
    """The password is to be stored by us, and is not there yet or was stored for another server."""
    source, ref = view.get("password.source"), view.get("password.ref")
    if not logs_in(view) or source not in SECRET_PLACES or not isinstance(ref, str):
        return False
    return view.host_changed() or not view.has_secret(str(source), ref)


def secret_ends(view: View) -> bool:
    """A day on which the secret ends is known, or likely: only what is behind a token usually has one."""
    by_token = view.get("auth") in [auth.value for auth in Auth if auth.by_token]
    known = view.was("password.expires")[1] is not None or view.get("password.expires") is not None
    return logs_in(view) and (by_token or known)


def key_age_known(view: View) -> bool:
    """Somebody gave the day since which the DKIM key is in use."""
    return view.was("dkim_since")[1] is not None or view.get("dkim_since") is not None


def limited(view: View) -> bool:
    """There is a send limit."""
    return view.get("limit.per") not in (None, "none")


def several(view: View) -> bool:
    """There is more than one server."""
    return len(view.names()) > 1


def in_test_mode(view: View) -> bool:
    """Test mode is on."""
    return view.get("test_mode.enabled") is True


def in_service(view: View) -> bool:
    """A delivery service hands over the mail."""
    return view.get("dispatch") == "service"


def volume_known(view: View) -> bool:
    """It is known how large a mailing is."""
    return view.get("volume.recipients_per_mailing") is not None


def microsoft(view: View) -> bool:
    """A server belongs to Microsoft 365."""
    return any(proposals.is_microsoft(str(server.get("host", ""))) for server in view.servers())


def name_is_free(value: Value, view: View) -> None:
    """No two servers have one name."""
    if str(value).casefold() in {name.casefold() for place, name in enumerate(view.names()) if place != view.index}:
        raise ValueError("another server has this name already; give each its own")


def auth_fits(value: Value, view: View) -> None:
    """A password needs an encrypted connection."""
    if value != Auth.NONE.value and not view.encrypted():
        raise ValueError(
            "a password never travels unencrypted: choose none here, or go back (<) and choose an encrypted connection"
        )


def source_works(value: Value, view: View) -> None:
    """The place can be used on this machine."""
    if value == SecretSource.KEYRING.value and (trouble := view.keyring_trouble()):
        raise ValueError(trouble)


def ref_fits(value: Value, view: View) -> None:
    """The reference has the form that its source needs."""
    if source := view.get("password.source"):
        parsing.reference(str(source), str(value))


def is_a_server(value: Value, view: View) -> None:
    """It names one of the servers."""
    if str(value).casefold() not in {name.casefold() for name in view.names()}:
        raise ValueError(f"choose one of the servers: {', '.join(view.names())}")


def not_past(value: Value, view: View) -> None:
    """The day is not over."""
    if isinstance(value, str) and value < view.today.isoformat():
        raise ValueError(f"this day is over; today is {view.today.isoformat()}")


def over_remark(value: Value, view: View) -> str:
    """Say that a day is over, which may be so: the check says then what to do."""
    over = isinstance(value, str) and value < view.today.isoformat()
    return f"this day is over; today is {view.today.isoformat()}." if over else ""


def to_come_remark(value: Value, view: View) -> str:
    """Say that a day has not come yet, which may be so: somebody prepares the next key."""
    to_come = isinstance(value, str) and value > view.today.isoformat()
    return f"this day has not come yet; today is {view.today.isoformat()}." if to_come else ""


def filter_remark(value: Value, view: View) -> str:
    """Say which other server claims the same senders, and which of the two then sends."""
    mine = proposals.patterns_of(value)
    said: list[str] = []
    for other in view.others():
        theirs, name = proposals.patterns_of(other.get("filter")), other.get("name")
        if shared := set(mine) & set(theirs):
            said.append(
                f"{min(shared)} is claimed by the server {name} as well; a sender must belong to one server only, or its mail is refused."
            )
        said += [
            f"{narrow} is part of {wide} of the server {name}; the more exact filter wins, so {narrow} uses this server."
            for narrow, wide in _parts(mine, theirs)
        ]
        said += [
            f"{narrow} of the server {name} is part of {wide}; the more exact filter wins, so {narrow} stays with that server."
            for narrow, wide in _parts(theirs, mine)
        ]
    more = len(said) - MAX_REMARKS
    return " ".join(
        [*said[:MAX_REMARKS], *([f"And {more} more overlaps; `sendready route` tells who sends."] if more > 0 else [])]
    )


MAX_REMARKS = 3


def _parts(narrow: tuple[str, ...], wide: tuple[str, ...]) -> list[tuple[str, str]]:
    """Pair each pattern with those of the others that would take its senders too, if it were not there."""
    return [(one, all_) for one in narrow for all_ in wide if one != all_ and covers(all_, proposals.sender_like(one))]


def connection_remark(value: Value, _view: View) -> str:
    """Say what is unusual about a connection."""
    port, security = parsing.parts_of(str(value))
    usual = parsing.USUAL_SECURITY.get(port)
    if usual is not None and security not in (usual, "none"):
        return f'Port {port} usually speaks "{usual.value}"; the check will show whether this server is different.'
    if security == "none":
        return "Mail on this connection can be read on its way. Use it only on this machine or inside your own network."
    return ""


# --- choices ------------------------------------------------------------------------------------------------------------------


def fixed(**choices: str) -> Callable[[View], tuple[Choice, ...]]:
    """Return choices that are always the same. Keys are the values, with _ for -."""
    listed = tuple(Choice(value=value.replace("_", "-"), label=label) for value, label in choices.items())
    return lambda _view: listed


def connections(view: View) -> tuple[Choice, ...]:
    """Ports and protections, the provider's documented ones first."""
    usual = {
        "587 starttls": "587 with STARTTLS (encryption is switched on by command, and required)",
        "465 implicit-tls": "465 with implicit TLS (encrypted from the first byte)",
        "25 starttls": "25 with STARTTLS (between mail servers; many networks block it)",
        "25 none": "25, not encrypted (only on this machine or inside your own network)",
    }
    provider = proposals.provider_at(str(view.get("host") or ""))
    documented = [f"{endpoint.port} {endpoint.security}" for endpoint in provider.endpoints] if provider else []
    name = provider.name if provider else ""
    return tuple(
        Choice(value=value, label=usual.get(value, value) + (f": documented by {name}" if value in documented else ""))
        for value in dict.fromkeys((*documented, *usual))
    )


def servers(view: View) -> tuple[Choice, ...]:
    """The servers by name."""
    return tuple(Choice(value=name, label=name) for name in view.names())


AUTH = fixed(
    auto="The best that the server offers",
    plain="PLAIN",
    login="LOGIN",
    cram_md5="CRAM-MD5",
    scram_sha_256="SCRAM-SHA-256",
    xoauth2="XOAUTH2 (a token instead of a password)",
    oauthbearer="OAUTHBEARER (a token, in the form of the standard)",
    none="No login: the server lets this machine send",
)
_SOURCES = fixed(
    file="In a file beside the settings that only this user may read",
    env="In an environment variable (you set it)",
    keyring="In the keyring of this desktop",
    command="A command prints it (pass, Vault, 1Password, ...)",
    credential="In a systemd credential (you set it up)",
)


def sources(view: View) -> tuple[Choice, ...]:
    """The places for a password that can be used here."""
    keyring = SecretSource.KEYRING.value
    return tuple(choice for choice in _SOURCES(view) if choice.value != keyring or not view.keyring_trouble())


def plans(_view: View) -> tuple[Choice, ...]:
    """Microsoft's plans with a mailbox that may send, and a trial."""
    from checks.tables.limits import plans_of  # noqa: PLC0415 - reads its table

    return tuple(Choice(value=name, label=name) for name in (*plans_of("microsoft365").names, "trial"))


PLACES = {
    SecretSource.FILE: "Give the file's path, relative to the settings file.",
    SecretSource.ENV: "Give the variable's name.",
    SecretSource.KEYRING: "Give service and user of the keyring entry, with a / between them.",
    SecretSource.COMMAND: "Give the command; the first line that it prints is the password. It runs without a shell.",
    SecretSource.CREDENTIAL: "Give the name that stands behind LoadCredential= in the service's unit.",
}


def place(view: View) -> str:
    """What to give for the chosen kind of place."""
    source = view.get("password.source")
    return PLACES[SecretSource(str(source))] if source else ""


def password_again(view: View) -> str:
    """Why a password is asked although one is stored."""
    if not view.host_changed():
        return ""
    _, before = view.was("host")
    return f"It is asked again because the server is another one now: the password that is stored was meant for {before}."


def known_selectors(view: View) -> str:
    """What is known of the provider's selectors already."""
    found = proposals.provider_at(str(view.get("host") or ""))
    if not found or not found.selectors:
        return ""
    return f"Those of {found.name} are known ({', '.join(found.selectors)}): just press Enter."


def provider_limits(view: View) -> str:
    """What the provider says it takes, as far as we have a source."""
    from checks.tables.limits import limits_of  # noqa: PLC0415 - reads its table

    found = proposals.provider_at(str(view.get("host") or ""))
    rows = [row for row in limits_of([found.id] if found else []) if row.general and row.seconds and row.unit != "connections"]
    facts = [
        f"{row.value:,} {row.unit} per {row.window}"
        + (f" and {row.scope}" if row.scope in ("mailbox", "tenant", "account") else "")
        for row in rows
    ]
    return (
        f"{found.name} names these limits (read {max(row.checked for row in rows)}): {'; '.join(facts)}."
        if found and facts
        else ""
    )
