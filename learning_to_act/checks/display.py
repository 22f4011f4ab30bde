"""What `check` and `hint` hand back: plain text in a terminal, a quiet box in a notebook.

The box inherits its text colour, so it reads on light and dark pages, and says its verdict in words (and in the form of
its border), never by colour alone.
"""

from dataclasses import dataclass
from html import escape
from textwrap import fill

from ..palette import COLORS


def _box(title, text, line):
    style = f"border-left: 4px {line}; padding: .25em 1em; margin: .5em 0; font-size: .95em; overflow-wrap: anywhere"
    return (
        f'<div class="pg-check" style="{style}"><strong>{escape(title)}</strong>'
        f'<div style="white-space: pre-wrap">{escape(text)}</div></div>'
    )


def _plain(title, text):
    wrapped = (fill(line, 100, break_long_words=False, break_on_hyphens=False) for line in text.splitlines())
    return "\n".join([title, *wrapped])


@dataclass(frozen=True)
class Result:
    """The verdict on one function; truthy when passed.

    passed: bool. message: str, plain text of one to six lines,
    and one or two more about what the function printed or drew.
    mistake: str or None, the identifier of a recognised mistake.
    exercise: str, the exercise's name ("" if none was found).
    kind: str, which sort of remark the message is: "mistake", "sign", "factor", ..., or "smallest" where only the
    smallest failing input could be shown.
    """

    passed: bool
    message: str
    mistake: str | None = None
    exercise: str = ""
    kind: str = ""

    def __bool__(self):
        return self.passed

    @property
    def title(self):
        verdict = "right" if self.passed else "not yet"
        return f"{self.exercise}: {verdict}" if self.exercise else verdict.capitalize()

    def __repr__(self):
        return _plain(self.title, self.message)

    def _repr_html_(self):
        line = f"solid {COLORS['score'][0]}" if self.passed else f"dashed {COLORS['good'][0]}"
        return _box(self.title, self.message, line)


@dataclass(frozen=True)
class Hint:
    """One hint: its title ("softmax: hint 1 of 3") and its text."""

    title: str
    message: str

    def __repr__(self):
        return _plain(self.title, self.message)

    def _repr_html_(self):
        return _box(self.title, self.message, f"dotted {COLORS['policy'][0]}")
