"""The two customers of the demo: a hotel where all is well, and a golf club with the usual faults."""

from __future__ import annotations

import base64
from dataclasses import dataclass

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

USERNAME = "newsletter"
PASSWORD = "demo-correct-horse"  # noqa: S105 - of the embedded server, which lives for some seconds


@dataclass(frozen=True, kw_only=True)
class Customer:
    """One customer: DNS, the answers to the wizard's questions, and the password as the customer noted it."""

    id: str
    title: str
    host: str
    days: int
    """How long the server's certificate is still good."""
    zone: str
    password: str
    answers: str
    """Answers file of the wizard; `{ref}` is the password file."""


def customers() -> list[Customer]:
    """Return the demo's customers, the healthy one first."""
    return [_hotel(_dkim_key()), _club()]


def _hotel(key: str) -> Customer:
    return Customer(
        id="hotel-seeblick",
        title="Hotel Seeblick, where everything is in order",
        host="smtp.hotel-seeblick.example",
        days=80,
        password=PASSWORD,
        zone=f"""
$TTL 300
hotel-seeblick.example.                      MX  10 smtp.hotel-seeblick.example.
hotel-seeblick.example.                      A   127.0.0.1
hotel-seeblick.example.                      TXT "v=spf1 ip4:127.0.0.1 -all"
smtp.hotel-seeblick.example.                 A   127.0.0.1
_dmarc.hotel-seeblick.example.               TXT "v=DMARC1; p=reject; rua=mailto:dmarc@hotel-seeblick.example"
house._domainkey.hotel-seeblick.example.     TXT {key}
1.0.0.127.in-addr.arpa.                      PTR smtp.hotel-seeblick.example.
""",
        answers=_answers(
            "Hotel server", "hotel-seeblick.example", "Hotel Seeblick", "smtp.hotel-seeblick.example", 'selectors = ["house"]\n'
        ),
    )


def _club() -> Customer:
    return Customer(
        id="golfclub-birkenhain",
        title="Golf club Birkenhain, with the usual faults",
        host="smtp.golfclub-birkenhain.example",
        days=5,
        password="last-years-password",  # noqa: S106 - wrong on purpose
        zone="""
$TTL 300
golfclub-birkenhain.example.                 MX  10 smtp.golfclub-birkenhain.example.
golfclub-birkenhain.example.                 A   127.0.0.1
golfclub-birkenhain.example.                 TXT "v=spf1 mx -all"
golfclub-birkenhain.example.                 TXT "v=spf1 include:spf.booking.example ~all"
spf.booking.example.                         TXT "v=spf1 ip4:198.51.100.0/24 -all"
smtp.golfclub-birkenhain.example.            A   127.0.0.1
1.0.0.127.in-addr.arpa.                      PTR smtp.golfclub-birkenhain.example.
""",
        answers=_answers(
            "Club server",
            "golfclub-birkenhain.example",
            "Golfclub Birkenhain",
            "smtp.golfclub-birkenhain.example",
            'limit = { max = 200, per = "hour" }\n',
        ),
    )


def _answers(server: str, domain: str, sender: str, host: str, extra: str) -> str:
    return f"""\
# Answers to the questions of `sendready wizard`: one key a question.
dispatch = "direct"
mail_client = "module"
test_to = "office@{domain}"
volume = {{ recipients_per_mailing = 400, mailings_per_week = 1 }}

[[servers]]
name = "{server}"
sender = {{ email = "office@{domain}", name = "{sender}" }}
filter = ["@{domain}"]
host = "{host}"
port = 587
security = "starttls"
auth = "auto"
username = "{USERNAME}"
password = {{ source = "file", ref = "smtp.password" }}
default = true
{extra}"""


def _dkim_key() -> str:
    """Return a fresh 2048-bit key record, as quoted character-strings of at most 255 octets (RFC 6376 section 3.6.2.2)."""
    der = (
        rsa.generate_private_key(public_exponent=65537, key_size=2048)
        .public_key()
        .public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    )
    text = "v=DKIM1; k=rsa; p=" + base64.b64encode(der).decode()
    return " ".join(f'"{text[start : start + 255]}"' for start in range(0, len(text), 255))
