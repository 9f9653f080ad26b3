"""How answers may be spelt in answers files and `--set`, and which names are never an answer."""

from __future__ import annotations

import re

from wizard.questions import QUESTIONS, SERVER_QUESTIONS

PASSWORD_KEYS = {
    "password",
    "passwd",
    "pass",
    "pwd",
    "secret",
    "token",
    "api_key",
    "apikey",
    "smtp_password",
    "password_value",
    "password_password",
}
# The settings file's own spelling of what is one question here, so that a settings file can serve as answers.
SPELLINGS = {
    "limit": "limit.per",
    "test_mode": "test_mode.enabled",
    "port": "port",
    "security": "security",
    "default": "default",
}
IGNORED = {"schema_version"}


def bare(key: str) -> str:
    """Return the spelling in which keys are compared."""
    return re.sub(r"[.-]", "_", key.lower())


KEYS = {
    **{bare(question.key): question.key for question in QUESTIONS},
    **{bare(key): kept for key, kept in SPELLINGS.items()},
}
SERVER_KEYS = {question.key for question in SERVER_QUESTIONS} | {"port", "security", "default"}


def known_key(key: str) -> bool:
    """Tell whether an answers file may have this key, or a table of this name, at its top."""
    word = bare(key)
    return any(known == word or known.startswith(f"{word}_") for known in KEYS)
