"""Settings are optional, checked, and found where the platform keeps them."""

import pytest

from mag_sandbox.files.folders import config_folder
from mag_sandbox.sandbox.settings import SandboxConfig, load_settings


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("MAG_SANDBOX_HOME", str(tmp_path))
    return tmp_path


def test_without_a_file_everything_has_a_default(home):
    assert load_settings() == SandboxConfig()


def test_the_users_file_changes_what_it_names(home):
    (home / "settings.yaml").write_text("hud: off\nkept_mib: 64\n")
    settings = load_settings()
    assert (settings.hud, settings.kept_mib) == ("off", 64)
    assert settings.window_width == 1280


def test_the_memory_setting_follows_the_config_and_a_given_policy():
    config = SandboxConfig(memory="mag", kept_mib=64)
    assert config.memory_setting().policy == "mag"
    assert config.memory_setting("window").policy == "window"
    assert config.memory_setting().kept_mib == 64


def test_the_folder_follows_the_platform(monkeypatch, tmp_path):
    monkeypatch.delenv("MAG_SANDBOX_HOME", raising=False)
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert config_folder() == tmp_path / "mag-sandbox"
