"""NumPy multiplies on one thread, whichever is imported first."""

import json
import os
import subprocess
import sys

import pytest

ASK = """
import json, numpy, threadpoolctl
info = threadpoolctl.threadpool_info()
print(json.dumps([one["num_threads"] for one in info if one["internal_api"] == "openblas"]))
"""


def openblas_threads(program: str, **variables: str) -> list[int]:
    """Return the threads of each OpenBLAS in a process that runs a program."""
    kept = {name: value for name, value in os.environ.items() if name != "OPENBLAS_NUM_THREADS"}
    done = subprocess.run(
        [sys.executable, "-c", program + ASK], env=kept | variables, capture_output=True, check=True
    )
    found: list[int] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize(
    "program", ["import mag_sandbox, numpy", "import numpy, mag_sandbox"], ids=["before", "after"]
)
def test_numpy_multiplies_on_one_thread(program: str) -> None:
    assert set(openblas_threads(program)) <= {1}


def test_a_number_of_threads_that_is_asked_for_stays() -> None:
    assert set(openblas_threads("import numpy, mag_sandbox", OPENBLAS_NUM_THREADS="2")) <= {2}
