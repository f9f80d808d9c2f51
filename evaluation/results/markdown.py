"""Words from outside within a Markdown page: shown as they are, in one line, never as markup."""

import re
from html import escape
from urllib.parse import quote

_MARKUP = re.compile(r"([\\`*_\[\]|~#])")


def plain(text: object) -> str:
    """Return words as Markdown that shows them as they are; nothing in them is HTML or a link."""
    return _MARKUP.sub(r"\\\1", escape(" ".join(str(text).split()), quote=False))


def link(text: str, folder: str, file: str) -> str:
    """Return a link to a file, whatever its name is."""
    return f"[{plain(text)}]({folder}/{quote(file)})"
