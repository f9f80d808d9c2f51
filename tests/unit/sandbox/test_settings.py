"""Settings are optional, checked, and found where the platform keeps them."""

import pytest

from mag_sandbox.files.folders import config_folder
from mag_sandbox.sandbox.settings import SandboxConfig, SettingsError, load_settings


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


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("hood: full\n", ':1: unknown key "hood" (did you mean "hud"?)'),
        ("hud: fulll\n", ':1: hud is "fulll" (did you mean "full"?); expected one of small, full'),
        ("hud: full\nwindow_width: 5\n", ":2: window_width is 5, expected 320 to 7680"),
        ("look_ahead: 1\n", ":1: look_ahead is 1, expected true or false"),
    ],
)
def test_a_wrong_setting_is_reported_with_its_line(home, text, said):
    (home / "settings.yaml").write_text(text)
    with pytest.raises(SettingsError) as caught:
        load_settings()
    assert said in str(caught.value)


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


@pytest.mark.parametrize("said", ["false", "no", "False"])
def test_another_word_for_false_is_not_off(home, said):
    (home / "settings.yaml").write_text(f"hud: {said}\n")
    with pytest.raises(SettingsError, match=f'hud is "{said}".*; expected one of small, full, off'):
        load_settings()


def test_a_link_that_leads_nowhere_is_not_taken_for_no_settings(home):
    """Saving would replace it, and with it the settings that are kept elsewhere."""
    (home / "settings.yaml").symlink_to(home / "elsewhere.yaml")
    with pytest.raises(SettingsError, match=r"is a link to .*elsewhere.yaml, which is missing"):
        load_settings()
