"""The words of a demo's script: text to tokens, and a reader that reports where it fails."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from mag_sandbox.files.validation import quoted
from mag_sandbox.files.yaml_files import nearest

MAX_REPEAT = 100_000
LARGEST = 1_000_000  # of a number
MAX_TEXT = 1000  # characters of a prompt or mark


class ScriptError(ValueError):
    """A script that cannot be read; the reader of the file adds its name."""

    def __init__(self, line: int, column: int, problem: str) -> None:
        super().__init__(problem)
        self.line = line  # 1-based, in the script
        self.column = column  # 1-based


@dataclass(frozen=True, slots=True)
class Token:
    """One word, text, brace or end of a line, and where it stands."""

    kind: str  # "word", "text", "{", "}", "end" (of a line, or ;), "over"
    text: str
    line: int
    column: int


_WORD = re.compile(r'[^\s;{}"#]+')
_TEXT = re.compile(r'"((?:[^"\\\n]|\\.)*)"')
_ESCAPES = {"n": "\n", '"': '"', "\\": "\\"}


def tokens_of(text: str) -> list[Token]:
    """Return the tokens of a script, the last for its end, or raise ScriptError."""
    tokens = []
    for line, row in enumerate(text.replace("\r\n", "\n").split("\n"), 1):
        column = 0
        while column < len(row):
            mark, place = row[column], (line, column + 1)
            if mark == "#":
                break
            if mark in "{};":
                tokens.append(Token("end" if mark == ";" else mark, mark, *place))
                column += 1
            elif mark == '"':
                match = _TEXT.match(row, column)
                if match is None:
                    raise ScriptError(*place, 'this text has no end; close it with "')
                tokens.append(Token("text", _unescaped(match[1], place), *place))
                column = match.end()
            elif match := _WORD.match(row, column):
                tokens.append(Token("word", match[0], *place))
                column = match.end()
            else:
                column += 1  # a space
        tokens.append(Token("end", "the end of the line", line, len(row) + 1))
    last = tokens[-1]
    return [*tokens, Token("over", "the end of the script", last.line, last.column)]


def _unescaped(text: str, place: tuple[int, int]) -> str:
    def replaced(match: re.Match[str]) -> str:
        if match[1] not in _ESCAPES:
            known = '\\", \\\\ and \\n'
            raise ScriptError(*place, f"this text holds \\{match[1]}; only {known} are known")
        return _ESCAPES[match[1]]

    return re.sub(r"\\(.)", replaced, text)


class TokenReader:
    """Walks over tokens; raises `ScriptError` if the next one is another than expected.

    >>> reader = TokenReader(tokens_of("pan right 90deg"))
    >>> reader.word("a command"), reader.choice(("left", "right"))
    ('pan', 'right')
    >>> reader.quantity("an angle", ("deg",))
    (Fraction(90, 1), 'deg')
    """

    def __init__(self, tokens: list[Token]) -> None:
        self._tokens = tokens
        self._position = 0
        self.statements = 0

    @property
    def next(self) -> Token:
        """The token that comes next."""
        return self._tokens[self._position]

    @property
    def ends_here(self) -> bool:
        """Whether the statement is over."""
        return self.next.kind in ("end", "}", "over")

    def take(self) -> Token:
        """Return the next token and go on."""
        token = self.next
        if token.kind != "over":
            self._position += 1
        return token

    def skip_ends(self) -> None:
        """Skip to the next line that is not empty."""
        while self.next.kind == "end":
            self.take()

    def error(self, problem: str, token: Token | None = None) -> ScriptError:
        """Return a problem of a token, or of the next one."""
        token = token or self.next
        return ScriptError(token.line, token.column, problem)

    def word(self, what: str) -> str:
        """Read a word; `what` says in messages what it is for."""
        if self.next.kind != "word":
            raise self.error(f"expected {what}, found {named(self.next)}")
        return self.take().text

    def name(self, what: str) -> str:
        """Read a name, in quotes if it has spaces."""
        return self.text(what) if self.next.kind == "text" else self.word(what)

    def text(self, what: str) -> str:
        """Read a text in quotes."""
        if self.next.kind != "text":
            raise self.error(f'expected {what} in quotes ("..."), found {named(self.next)}')
        token = self.take()
        if not token.text.strip():
            raise self.error(f"expected {what}, found empty quotes", token)
        if len(token.text) > MAX_TEXT:
            raise self.error(
                f"{what} has {len(token.text)} characters, at most {MAX_TEXT} are read", token
            )
        return token.text

    def choice(self, words: Sequence[str]) -> str:
        """Read one of some words."""
        token = self.next
        found = self.word(" or ".join(words))
        if found not in words:
            raise self.error(
                f'expected {" or ".join(words)}, found "{quoted(found)}"'
                f"{nearest(found, tuple(words))}",
                token,
            )
        return found

    def quantity(
        self, what: str, units: Sequence[str], *, or_zero: bool = False
    ) -> tuple[Fraction, str]:
        """Read a number and its unit in small letters, together or apart."""
        start = self.next
        written = self.word(what)
        match = _NUMBER.match(written)
        if match is None:
            raise self.error(f'expected {what}, found "{quoted(written)}"', start)
        unit = written[match.end() :]
        apart = not unit and self.next.kind == "word"
        if apart and ("" not in units or self.next.text.lower() in units):
            unit = self.take().text
        if unit.lower() not in units:
            found = f'unit "{quoted(unit)}"{nearest(unit, tuple(units))}' if unit else "no unit"
            raise self.error(f'"{quoted(written)}" has {found}; expected {what}', start)
        value = Fraction(match[0])
        if not 0 <= value <= LARGEST or (value == 0 and not or_zero):
            raise self.error(f'"{quoted(written)}" is not above 0 and at most {LARGEST}', start)
        return value, unit.lower()

    def count(self, what: str, most: int = MAX_REPEAT) -> int:
        """Read a whole number from 1 on."""
        token = self.next
        written = self.word(what)
        if not _WHOLE.fullmatch(written) or not 1 <= int(written) <= most:
            found = f'found "{quoted(written)}"'
            raise self.error(f"expected {what} from 1 to {most}, {found}", token)
        return int(written)


_NUMBER = re.compile(r"[0-9]{1,9}(\.[0-9]{1,9})?(?![0-9])")
_WHOLE = re.compile(r"[0-9]{1,9}")


def named(token: Token) -> str:
    """Return a token as it is named in a message."""
    return token.text if token.kind in ("end", "over") else f'"{quoted(token.text)}"'
