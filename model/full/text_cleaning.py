"""Prompts as the official code cleans them before it tokenises them."""

import html

import ftfy


def clean_text(text: str) -> str:
    """Return a prompt with repaired characters, HTML entities resolved and single spaces.

    Entities are resolved twice, since scraped captions are often escaped twice.
    """
    return " ".join(html.unescape(html.unescape(ftfy.fix_text(text))).split())
