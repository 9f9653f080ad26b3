"""A prompter that knows its answers beforehand. Strict: a question that nobody prepared fails, and so does an answer that nobody asked for."""

from __future__ import annotations

from collections.abc import Iterable

from wizard.prompter import Prompt

CTRL_C = "\x03"
END = "\x04"


class FakePrompter:
    """Give it the questions in the order in which they must come, each with what is typed; CTRL_C and END are keys."""

    def __init__(self, script: Iterable[tuple[str, str]]) -> None:
        self.script = list(script)
        self.said: list[str] = []
        self.prompts: list[Prompt] = []

    def say(self, text: str) -> None:
        self.said.append(text)

    def ask(self, prompt: Prompt) -> str:
        self.prompts.append(prompt)
        if not self.script:
            raise AssertionError(f"nobody prepared for the question {prompt.key}")
        key, typed = self.script.pop(0)
        if key != prompt.key:
            raise AssertionError(f"prepared for {key}, but {prompt.key} was asked; said last: {self.said[-2:]}")
        if typed == CTRL_C:
            raise KeyboardInterrupt
        if typed == END:
            raise EOFError
        return typed

    @property
    def text(self) -> str:
        """Everything that was said."""
        return "\n".join(self.said)

    def prompt(self, key: str) -> Prompt:
        """Return the last prompt of that key."""
        return [prompt for prompt in self.prompts if prompt.key == key][-1]

    def finish(self) -> None:
        """Fail for answers that nobody asked for."""
        assert not self.script, f"never asked: {self.script}"
