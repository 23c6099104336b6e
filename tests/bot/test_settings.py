"""Settings: where they come from, which wins, and what a wrong one says."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.settings import Settings, SettingsError, Workers, find_devices

DEFAULTS = Path(__file__).parents[2] / "config" / "default.toml"


@pytest.fixture(autouse=True)
def no_settings_around(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Tests see neither the developer's token nor their data folder."""
    monkeypatch.delenv("DISCORD_TOKEN", raising=False)
    monkeypatch.setenv("BANDMATE_DATA_DIR", str(tmp_path))


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def test_default_toml_lists_every_setting_with_its_default() -> None:
    assert Settings.load(DEFAULTS) == Settings.load()
    written = tomllib.loads(DEFAULTS.read_text(encoding="utf-8"))
    text = DEFAULTS.read_text(encoding="utf-8")
    for name, value in Settings.load().model_dump(exclude={"discord_token", "data_dir"}).items():
        assert name in written
        for inner in value if isinstance(value, dict) else ():
            assert inner in written[name] or f"# {inner} = " in text, f"[{name}] {inner} is not in default.toml"


def test_environment_wins_over_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = write(tmp_path / "own.toml", "[web]\nport = 9000\nhost = 'localhost'\n[queue]\nmax_jobs = 7\n")
    monkeypatch.setenv("BANDMATE_WEB__PORT", "9100")
    settings = Settings.load(file)
    assert (settings.web.port, settings.web.host, settings.queue.max_jobs) == (9100, "localhost", 7)
    assert settings.service_config().max_jobs == 7


def test_the_data_folders_own_file_is_read(tmp_path: Path) -> None:
    write(tmp_path / "bandmate.toml", "[takes]\nengine = 'musicgen'\n")
    settings = Settings.load()
    assert settings.takes.engine == "musicgen"
    assert settings.data_dir == tmp_path


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[web]\nport = 70000\n", ["web.port", "65535", "70000"]),
        ("[web]\nprot = 1\n", ["web.prot"]),
        ("[queue]\nlease_s = 0.1\n", ["lease_s", "3", "0.1"]),
        ("[takes]\naudio_format = 'midi'\n", ["takes.audio_format", "mp3", "midi"]),
        ("[log]\nlevel = 'LOUD'\n", ["log.level", "LOUD"]),
        ("[checks]\nloudness_lu = 90\n", ["loudness_lu", "20", "90"]),
        ("[checks]\nloudnes = 1\n", ["checks", "loudnes"]),
        ("not toml at all", ["not valid TOML"]),
        ("discord_token = 'abc'\n", ["DISCORD_TOKEN"]),
    ],
)
def test_a_wrong_setting_is_named_with_its_range(tmp_path: Path, text: str, words: list[str]) -> None:
    with pytest.raises(SettingsError) as caught:
        Settings.load(write(tmp_path / "wrong.toml", text))
    for word in words:
        assert word in str(caught.value)


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("BANDMATE_WORKERS__DEVICES", "cpu", ["workers", '["cpu"]']),
        ("BANDMATE_WEBB__PORT", "1", ["BANDMATE_WEBB__PORT"]),
        ("BANDMATE_DISCORD_TOKEN", "secret", ["read from DISCORD_TOKEN"]),
        ("BANDMATE_TAKES__ENGINE", "aranger", ["aranger", "arranger"]),
    ],
)
def test_a_wrong_environment_is_named(monkeypatch: pytest.MonkeyPatch, name: str, value: str, words: list[str]) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as caught:
        Settings.load()
    for word in words:
        assert word in str(caught.value)
    assert "secret" not in str(caught.value)


def test_options_for_one_engine_leave_the_others(tmp_path: Path) -> None:
    settings = Settings.load(write(tmp_path / "own.toml", "[engines.musicgen]\nmodel = 'x'\n"))
    assert settings.engines["musicgen"] == {"model": "x"}
    assert {"arranger", "studio"} <= settings.service_config().engines.keys()


def test_a_tilde_is_the_home_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("BANDMATE_DATA_DIR", "~/music")
    (tmp_path / "music").mkdir()
    write(tmp_path / "music" / "bandmate.toml", "[web]\nport = 9000\n")
    settings = Settings.load()
    assert (settings.data_dir, settings.web.port) == (tmp_path / "music", 9000)


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="can't be read"):
        Settings.load(tmp_path / "none.toml")


def test_token_from_environment_or_file_and_never_shown(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    token_file = write(tmp_path / "token", "from-file\n")
    config = write(tmp_path / "own.toml", f"[discord]\ntoken_file = '{token_file}'\n")
    token = Settings.load(config).discord_token
    assert token is not None and token.get_secret_value() == "from-file"
    monkeypatch.setenv("DISCORD_TOKEN", "from-environment")
    settings = Settings.load(config)
    assert settings.discord_token is not None
    assert settings.discord_token.get_secret_value() == "from-environment"
    assert "from-environment" not in repr(settings)


def test_a_token_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    config = write(tmp_path / "own.toml", "[discord]\ntoken_file = '/nowhere/token'\n")
    with pytest.raises(SettingsError, match="/nowhere/token"):
        Settings.load(config)


def test_settings_are_frozen() -> None:
    with pytest.raises(ValueError, match="frozen"):
        Settings.load().web.port = 1  # type: ignore[misc]


def test_named_devices_are_taken_as_they_are() -> None:
    assert find_devices(Workers(devices=("cuda:1",))) == ("cuda:1",)
    assert find_devices(Workers())[0] == "cpu"


@given(st.floats(allow_nan=True), st.sampled_from(["lease_s", "poll_interval_s", "long_job_s"]))
def test_any_number_is_either_in_range_or_refused_with_a_sentence(value: float, name: str) -> None:
    try:
        settings = Settings(queue={name: value})  # type: ignore[arg-type]
        config = settings.service_config()
    except SettingsError as error:
        assert name in str(error)
    else:
        assert getattr(config, name) == value
