"""The lock file holds what the project asks for, from public registries alone."""

import re
import tomllib

from tests import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
LOCK = (ROOT / "uv.lock").read_text()


def locked() -> dict:
    return next(p for p in tomllib.loads(LOCK)["package"] if p["name"] == PROJECT["name"])


def asked(text: str, extra: str = "") -> tuple[str, str, str]:
    """Return name, versions and extra of a requirement."""
    name, _, versions = re.fullmatch(r"([\w-]+)(\[[\w,]+\])?([^;]*)(;.*)?", text).group(1, 2, 3)
    return name.replace("_", "-"), ",".join(sorted(versions.strip().split(","))), extra


def test_every_requirement_of_the_project_is_locked():
    wanted = {asked(text) for text in PROJECT["dependencies"]}
    for extra, texts in PROJECT["optional-dependencies"].items():
        wanted |= {asked(text, extra) for text in texts}
    found = set()
    for row in locked()["metadata"]["requires-dist"]:
        extra = re.search(r"extra == '(\w+)'", row.get("marker", ""))
        found.add(asked(row["name"] + row.get("specifier", ""), extra[1] if extra else ""))
    assert found == wanted, "run `uv lock` after a change of pyproject.toml"
    assert locked()["version"] == PROJECT["version"]


def test_the_lock_names_public_registries_alone():
    hosts = set(re.findall(r"\w+://([^/\"]+)", LOCK))
    assert hosts == {"pypi.org", "files.pythonhosted.org"}
