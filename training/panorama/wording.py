"""Sentences from a subject and weighted details, in varied templates and orders.

Knows nothing of rooms, stages or pictures.
"""

from typing import NamedTuple

import numpy as np

MAX_WORDS = 34
TEMPLATES = (
    "{subject} {light} with {details}.",
    "{subject} with {details}, {light}.",
    "{subject} {light}. There are {details}.",
    "{subject} {light}: {details}.",
    "{light}, {plain_subject} with {details}.",
)


class Phrase(NamedTuple):
    """A noun phrase and how important it is (a higher weight is mentioned more often)."""

    text: str
    weight: int


def article(word: str) -> str:
    """Return the word with its indefinite article. Knows nothing of silent letters."""
    return f"{'an' if word[0] in 'aeiou' else 'a'} {word}"


def plural(kind: str) -> str:
    """Return the plural of a noun. Knows nothing of irregular ones."""
    return f"{kind[:-1]}ies" if kind.endswith("phy") else f"{kind}s"


def _listed(texts: list[str]) -> str:
    return texts[0] if len(texts) == 1 else f"{', '.join(texts[:-1])} and {texts[-1]}"


def compose(subject: str, details: list[Phrase], light: str, rng: np.random.Generator) -> str:
    """Return a caption of 8 to 35 words about the subject. Knows nothing of what exists."""
    weights = np.array([phrase.weight for phrase in details], dtype=float)
    order = rng.choice(len(details), len(details), replace=False, p=weights / weights.sum())
    wanted = int(rng.integers(3, 8))
    chosen: list[str] = []
    words = len(f"a {subject} {light} there are and".split())
    for index in order[:wanted]:
        text = details[index].text
        if words + len(text.split()) <= MAX_WORDS:
            chosen.append(text)
            words += len(text.split())
    if rng.random() < 0.2:
        return ", ".join([subject, *chosen, light])
    template = str(rng.choice(TEMPLATES))
    sentence = template.format(
        subject=article(subject),
        plain_subject=article(subject),
        light=light,
        details=_listed(chosen),
    )
    return sentence[0].upper() + sentence[1:]
