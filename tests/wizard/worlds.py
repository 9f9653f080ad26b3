"""Settings and answers that tests of the wizard start from."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from hypothesis import strategies as st

from checks.settings import Settings, parse


def server(name: str = "Office", **more: Any) -> dict[str, Any]:
    """A complete server."""
    return {
        "name": name,
        "default": True,
        "filter": ["@club.example"],
        "sender": {"email": "office@club.example"},
        "host": "mail.club.example",
        "port": 587,
        "security": "starttls",
        "username": "office@club.example",
        "password": {"source": "file", "ref": "office.password"},
        **more,
    }


def settings(*servers: dict[str, Any], **more: Any) -> Settings:
    """A complete document."""
    return parse({"servers": list(servers) or [server()], **more})


TEXT = """\
# Our own remarks stay.
schema_version = 1
timezone = "Europe/Berlin" # where we are

[test_mode]
enabled = false

# The main one
[[servers]]
name = "Office"
default = true # everybody else
filter = ["@club.example"]
sender = { email = "office@Club.Example", name = "Club" }
host = "Mail.Club.Example"   # ask Ann
port = 587
security = "starttls"
username = "office@club.example"
password = { source = "file", ref = "office.password" }

# The second one
[[servers]]
name = "News"
sender.email = "news@club.example"
host = "news.club.example"
port = 465
security = "implicit-tls"
auth = "none"

[servers.limit]
max = 500
per = "day" # as agreed
"""

words = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Zl", "Zp")), min_size=1, max_size=20)
labels = st.from_regex(r"[a-z]([a-z0-9-]{0,8}[a-z0-9])?", fullmatch=True).filter(lambda text: "--" not in text)
domains = st.builds("{}.{}".format, labels, st.sampled_from(["example", "test", "org"]))
addresses = st.builds("{}@{}".format, labels, domains)
patterns = st.one_of(addresses, domains.map("@{}".format), domains.map("@*.{}".format))
numbers = st.integers(1, 1_000_000_000)


def some(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """A table with any of the fields."""
    return st.fixed_dictionaries({}, optional=fields)


senders = st.fixed_dictionaries({"email": addresses}, optional={"name": words, "reply_to": addresses})
limits = st.fixed_dictionaries(
    {"max": numbers, "per": st.sampled_from(["hour", "day", "week"])},
    optional={
        "unit": st.sampled_from(["messages", "recipients"]),
        "window": st.sampled_from(["calendar", "sliding"]),
        "on_exceed": st.sampled_from(["defer", "reject"]),
        "reset_at": st.integers(0, 4_000_000_000).map(lambda second: datetime.fromtimestamp(second, UTC)),
    },
)
logins = st.one_of(
    st.fixed_dictionaries({"auth": st.just("none")}, optional={"username": words}),
    st.fixed_dictionaries(
        {"auth": st.sampled_from(["auto", "plain", "login", "cram-md5", "scram-sha-256", "xoauth2"]), "username": words},
    ).flatmap(
        lambda login: st.builds(
            lambda source, ref, more: {**login, "password": {"source": source, "ref": ref, **more}},
            st.sampled_from(["file", "env", "keyring", "command", "credential"]),
            words,
            some(expires=st.dates()),
        )
    ),
)
connections = st.fixed_dictionaries({"port": st.integers(1, 65535), "security": st.sampled_from(["implicit-tls", "starttls"])})
plain_servers = st.builds(
    lambda base, login, connection, more: {**base, **login, **connection, **more},
    st.fixed_dictionaries({"name": words, "sender": senders, "host": domains}),
    logins,
    connections,
    some(
        default=st.booleans(),
        filter=st.lists(patterns, max_size=3),
        return_path=addresses,
        ehlo=domains,
        limit=limits,
        burst=st.fixed_dictionaries({"max": numbers, "per": st.sampled_from(["second", "minute"])}),
        provider=words,
        selectors=st.lists(labels, max_size=2),
        dkim_since=st.dates(),
    ),
)
all_settings = (
    st.fixed_dictionaries(
        {"servers": st.lists(plain_servers, min_size=1, max_size=3, unique_by=lambda row: row["name"].casefold())},
        optional={
            "timezone": st.sampled_from(["Europe/Berlin", "UTC", "America/New_York"]),
            "mail_client": st.sampled_from(["system", "module"]),
            "test_mode": st.builds(
                lambda target, more: {"redirect_to": target, **more}, addresses, some(enabled=st.booleans(), until=st.dates())
            ),
            "blocklist": st.lists(
                st.fixed_dictionaries({"pattern": patterns}, optional={"reason": words, "added": st.dates()}), max_size=3
            ),
            "templates": st.lists(
                st.fixed_dictionaries({"name": words}, optional={"subject": words, "sender": addresses, "file": words}),
                max_size=2,
            ),
            "volume": some(
                recipients_per_mailing=numbers,
                mailings_per_week=numbers,
                mailings_per_day=numbers,
                attachments_kb=numbers,
                outside_percent=st.integers(0, 100),
                start=st.sampled_from(["00:00", "09:30", "23:59"]),
                peak_hour_messages=numbers,
                growth_percent=st.integers(1, 1000),
                licences=numbers,
                plan=words,
            ),
        },
    )
    .flatmap(
        lambda plain: st.one_of(
            st.just(plain),
            some(max_age=st.integers(1, 336), retry=st.lists(numbers, max_size=3)).map(
                lambda service: {**plain, "dispatch": "service", "service": service}
            ),
        )
    )
    .map(parse)
)
