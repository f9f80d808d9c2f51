"""Templates of pages, and words from outside in them: shown as they are, never as markup."""

import re
from html import escape
from urllib.parse import quote

from jinja2 import Environment, PackageLoader

_MARKUP = re.compile(r"([\\`*_\[\]|~#])")


def plain(text: object) -> str:
    """Return words as Markdown that shows them as they are; nothing in them is HTML or a link."""
    return _MARKUP.sub(r"\\\1", escape(" ".join(str(text).split()), quote=False))


def link(text: str, folder: str, file: str) -> str:
    """Return a link to a file, whatever its name is."""
    return f"[{plain(text)}]({folder}/{quote(file)})"


def templates(folder: str, *, html: bool) -> Environment:
    """Return the templates in a folder of `evaluation`; those of HTML escape every word."""
    loader = PackageLoader("mag_sandbox.evaluation", folder)
    pages = Environment(loader=loader, autoescape=html, trim_blocks=True, lstrip_blocks=True)
    pages.filters["plain"] = plain
    return pages
