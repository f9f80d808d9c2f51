"""The words that each world knows."""

import logging
from functools import lru_cache

from mag_sandbox.model.loading import words_of
from mag_sandbox.scenes.descriptions import DescriptionWords
from mag_sandbox.scenes.vocabulary import Vocabulary, VocabularyError

logger = logging.getLogger(__name__)


@lru_cache(maxsize=4)
def known_words(world: str) -> Vocabulary | None:
    """Return the words that a world knows; None: all of them, or unknown."""
    try:
        return DescriptionWords.load(path) if (path := words_of(world)) else None
    except VocabularyError as error:
        logger.warning("%s", error)
        return None
