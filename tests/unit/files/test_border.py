"""What every file from outside has in common: failures become one refusal."""

import errno
import os

import pytest

from mag_sandbox.files.border import TOO_MANY_FILES, Refusal, refusing


class DamagedError(Refusal):
    """The refusal of some reader."""


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.EMFILE, os.strerror(errno.EMFILE)),
        OSError(errno.ENFILE, os.strerror(errno.ENFILE)),
        RuntimeError(f"I/O error: {os.strerror(errno.EMFILE)} (os error 24)"),
    ],
)
def test_too_many_open_files_are_no_damage_to_any_of_them(error):
    with (
        pytest.raises(DamagedError, match=r"ulimit -n") as found,
        refusing(lambda why: DamagedError(f"the file is damaged ({why}); restore it")),
    ):
        raise error
    assert str(found.value) == TOO_MANY_FILES


def test_any_other_error_is_refused_with_its_reason():
    with (
        pytest.raises(DamagedError, match=r"damaged \(not found\)"),
        refusing(lambda why: DamagedError(f"the file is damaged ({why}); restore it")),
    ):
        raise FileNotFoundError
