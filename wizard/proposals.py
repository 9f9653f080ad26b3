"""What the wizard proposes for an answer, each with its source. A guess is never proposed: it may be among the choices."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from checks.secret import SecretSource
from checks.settings import Auth
from checks.tables import Provider, provider_of_host, providers
from wizard.parsing import Value
from wizard.view import View

_NO_PASSWORD = {"ip", "client-cert"}
_MICROSOFT_HOSTS = re.compile(r"(^|\.)(office365\.com|outlook\.com|mx\.microsoft)$")
_CONSUMER = "outlook-com"


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """What Enter stands for."""

    value: Value
    source: str
    """Where it comes from, for people: "catalogue: GMX", "as it is now"."""


def provider_at(host: str) -> Provider | None:
    """Return the provider whose server this is."""
    return provider_of_host(host) if host else None


def is_microsoft(host: str) -> bool:
    """Tell whether a server belongs to Microsoft 365 (not to the free mailboxes)."""
    found = provider_at(host)
    if found is not None:
        return found.id.startswith("microsoft365")
    return bool(_MICROSOFT_HOSTS.search(host))


def recommended(value: Value) -> Callable[[View], Proposal]:
    """Propose the same for everybody."""
    return lambda _view: Proposal(value=value, source="recommended")


def _domain(view: View) -> str:
    return str(view.get("sender.email") or "").rpartition("@")[2]


def mailbox_provider(domain: str) -> Provider | None:
    """Return the one provider whose confirmed server lies in the sender's own domain, like smtp.gmail.com for gmail.com."""
    hosts: dict[str, Provider] = {}
    for row in providers():
        if row.verified and not set(row.auth) & _NO_PASSWORD:
            hosts.update(
                (host, row)
                for host in row.hosts
                if domain and (host == domain or host.endswith(f".{domain}")) and host not in hosts
            )
    return next(iter(hosts.values())) if len(hosts) == 1 else None


def host(view: View) -> Proposal | None:
    """Propose the server of a mailbox provider, where the sender's domain leaves no doubt."""
    found = mailbox_provider(_domain(view))
    if found is None:
        return None
    name = next(name for name in found.hosts if name.endswith(_domain(view)))
    return Proposal(value=name, source=f"catalogue: {found.name}")


def connection(view: View) -> Proposal | None:
    """Propose what the provider documents first."""
    found = provider_at(str(view.get("host") or ""))
    if found is None or not found.verified or not found.endpoints:
        known, before = view.was("connection")
        return Proposal(value=before, source="as it is now") if known else None
    first = found.endpoints[0]
    return Proposal(value=f"{first.port} {first.security}", source=f"catalogue: {found.name}")


def server_name(view: View) -> Proposal | None:
    """Propose the provider's name, or the sender's domain."""
    found = provider_at(str(view.get("host") or ""))
    base = re.split(r" \(| / ", found.name)[0] if found else _domain(view)
    taken = {str(server.get("name") or "").casefold() for server in view.others()}
    for number in range(1, len(taken) + 2):
        name = base if number == 1 else f"{base} {number}"
        if name and name.casefold() not in taken:
            return Proposal(value=name, source="catalogue" if found else "from the sender's address")
    return None


def auth(view: View) -> Proposal:
    """Propose no login where none is safe or wanted, else the best that both sides know."""
    if not view.encrypted() or (not view.get("password.source") and str(view.get("connection") or "").endswith(" none")):
        return Proposal(value=Auth.NONE.value, source="the connection is not encrypted")
    found = None if view.get("password.source") else provider_at(str(view.get("host") or ""))
    if found and found.auth and set(found.auth) <= _NO_PASSWORD:
        return Proposal(value=Auth.NONE.value, source=f"catalogue: {found.name}")
    if found and found.auth == ("oauth2",):
        return Proposal(value=Auth.XOAUTH2.value, source=f"catalogue: {found.name}")
    return Proposal(value=Auth.AUTO.value, source="recommended")


def username(view: View) -> Proposal | None:
    """Propose the sender's address, which most providers want."""
    sender = view.get("sender.email")
    return Proposal(value=sender, source="usual: the sender's address") if sender else None


def secret_source(_view: View) -> Proposal:
    """Propose the place that works everywhere."""
    return Proposal(value=SecretSource.FILE.value, source="recommended")


def secret_ref(view: View) -> Proposal | None:
    """Propose a name for the password's place, made from the server's name."""
    base = re.sub(r"[^a-z0-9]+", "-", str(view.get("name") or "smtp").lower()).strip("-") or "smtp"
    forms = {
        SecretSource.FILE.value: f"{base}.password",
        SecretSource.ENV.value: re.sub(r"^(?=[0-9])", "SMTP_", base.upper().replace("-", "_")) + "_PASSWORD",
        SecretSource.KEYRING.value: f"sendready/{view.get('username') or base}",
        SecretSource.CREDENTIAL.value: f"{base}-password",
    }
    name = forms.get(str(view.get("password.source")))
    taken = {server.get("password.ref") for server in view.others()}
    return Proposal(value=name, source="from the server's name") if name and name not in taken else None


def sender_filter(view: View) -> Proposal | None:
    """Propose the sender's whole domain, or the address alone where the domain is shared with strangers or another server."""
    sender, domain = view.get("sender.email"), _domain(view)
    if not isinstance(sender, str) or not domain:
        return None
    claimed = {pattern for server in view.others() for pattern in patterns_of(server.get("filter"))}
    shared = any(
        name == domain or name.endswith(f".{domain}")
        for row in providers()
        if row.auth and "ip" not in row.auth
        for name in row.hosts
    )
    pattern = sender if shared or f"@{domain}" in claimed else f"@{domain}"
    return None if pattern in claimed else Proposal(value=(pattern,), source="from the sender's address")


def patterns_of(value: Value) -> tuple[str, ...]:
    """Return the patterns of a list answer."""
    return value if isinstance(value, tuple) else ()


def sender_like(pattern: str) -> str:
    """Return a sender that a pattern is about, for trying things out."""
    if not pattern.startswith("@"):
        return pattern
    domain = pattern[1:]
    return f"somebody@sub.{domain[2:]}" if domain.startswith("*.") else f"somebody@{domain}"


def no_limit(_view: View) -> Proposal:
    """Propose no limit; the check compares with the provider's."""
    return Proposal(value="none", source="")


def another(_view: View) -> Proposal:
    """Propose to be done."""
    return Proposal(value=False, source="")


def default_server(view: View) -> Proposal | None:
    """Propose the server that is the default now, whatever it is called by now; else the first."""
    names, was = view.names(), view.around.was
    if was is not None:
        places = [place for place, server in enumerate(was.servers) if server.get("name") == was.common.get("default_server")]
        if places and places[0] < len(names) and names[places[0]]:
            return Proposal(value=names[places[0]], source="as it is now")
    return Proposal(value=names[0], source="the first") if names and names[0] else None
