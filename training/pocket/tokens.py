"""The tokenizer of the pocket world, trained on its captions."""

from collections.abc import Iterable
from pathlib import Path

from tokenizers import Tokenizer, normalizers, pre_tokenizers
from tokenizers.models import BPE
from tokenizers.trainers import BpeTrainer

from mag_sandbox.files.whole import replacing
from mag_sandbox.model.config import END, PAD, UNKNOWN


def train_tokenizer(captions: Iterable[str], vocab_size: int) -> Tokenizer:
    """Return a lower-case byte-pair tokenizer of at most `vocab_size` tokens."""
    tokenizer = Tokenizer(BPE(unk_token=UNKNOWN))
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Lowercase()])
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Punctuation()]
    )
    trainer = BpeTrainer(
        vocab_size=vocab_size, special_tokens=[PAD, END, UNKNOWN], show_progress=False
    )
    tokenizer.train_from_iterator(captions, trainer)
    return tokenizer


def save_tokenizer(tokenizer: Tokenizer, path: Path) -> None:
    """Write a tokenizer to a temporary name, then rename it."""
    with replacing(path) as part:
        tokenizer.save(str(part))
