"""The settings: the only reader of files and environment; one frozen object comes out.

Order, later wins: built-in defaults (written out in config/default.toml), a TOML file, `BANDMATE_*` in the environment
(`BANDMATE_WEB__PORT=8322` sets `port` in `[web]`). The bot token comes from `DISCORD_TOKEN` or from the file
that `[discord] token_file` names, and never from the TOML file, which people share.
"""

from __future__ import annotations

import dataclasses
import os
import tomllib
from pathlib import Path
from typing import Any, Self

import platformdirs
from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict
from pydantic_settings.exceptions import SettingsError as NotJson

from bot.sections import Clips, Discord, Queue, Retention, Takes, Uploads, Web
from bot.sections import Health as Health
from bot.sections import Log as Log
from bot.sections import Workers as Workers
from generation.audio.check.limits import CheckLimits, limit_names
from generation.audio.decode import DecodeLimits
from generation.config import ServiceConfig
from generation.engines import ENGINES, EngineOptions
from generation.errors import BandmateError


class SettingsError(BandmateError):
    """A setting is wrong; the sentence names it, its value and its range."""


def default_data_dir() -> Path:
    """Where the ledger and the audio lie unless told otherwise: the user's data folder of the operating system."""
    return Path(platformdirs.user_data_dir("bandmate", appauthor=False))


def _no_engine_options() -> dict[str, dict[str, Any]]:
    return {name: {} for name in ENGINES}


class Settings(BaseSettings):
    """All settings; see config/default.toml for each one's unit, range and reason."""

    model_config = SettingsConfigDict(
        env_prefix="BANDMATE_",
        env_nested_delimiter="__",
        frozen=True,
        extra="forbid",
        nested_model_default_partial_update=True,
    )

    data_dir: Path = Field(default_factory=default_data_dir)
    database_url: str = ""
    discord_token: SecretStr | None = None
    discord: Discord = Discord()
    web: Web = Web()
    health: Health = Health()
    clips: Clips = Clips()
    uploads: Uploads = Uploads()
    takes: Takes = Takes()
    queue: Queue = Queue()
    workers: Workers = Workers()
    retention: Retention = Retention()
    checks: CheckLimits = CheckLimits()
    engines: dict[str, dict[str, Any]] = Field(default_factory=_no_engine_options)
    log: Log = Log()

    @field_validator("checks", mode="before")
    @classmethod
    def _known_checks(cls, values: object) -> object:
        """A dataclass would take what it does not know without a word."""
        if isinstance(values, dict) and (unknown := values.keys() - set(limit_names())):
            raise ValueError(f"there is no limit {', '.join(sorted(unknown))}")
        return values

    @field_validator("data_dir")
    @classmethod
    def _at_home(cls, folder: Path) -> Path:
        """No shell has seen what a file says, or what stands in quotes."""
        return folder.expanduser()

    @field_validator("engines")
    @classmethod
    def _with_the_others(cls, engines: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
        """Options for one engine take no other engine away."""
        return {**_no_engine_options(), **engines}

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment wins over the TOML file (which comes in as init arguments)."""
        return env_settings, init_settings

    def service_config(self) -> ServiceConfig:
        """The service's part. Raises SettingsError for a value out of its range."""
        own: dict[str, Any] = {
            "data_folder": self.data_dir,
            "database_url": self.database_url,
            "devices": find_devices(self.workers),
            "worker_network": self.workers.network,
        }
        own["decode_limits"] = DecodeLimits(**dict(self.clips))
        own["checks"] = self.checks
        own["engines"] = {name: EngineOptions(values) for name, values in self.engines.items()}
        sections = {
            **dict(self.uploads),
            **dict(self.takes),
            **dict(self.queue),
            **dict(self.workers),
            **dict(self.retention),
        }
        known = {item.name for item in dataclasses.fields(ServiceConfig)}
        try:
            return ServiceConfig(**{name: value for name, value in sections.items() if name in known} | own)
        except ValueError as error:
            raise SettingsError(f"The settings are not right: {error}.") from error

    @classmethod
    def load(cls, config_file: Path | None = None) -> Self:
        """Read the file (or `bandmate.toml` of the data folder, when it is there), the environment and the token.

        Raises:
            SettingsError: a file that can't be read, an unknown name, a value of the wrong kind or out of range.
        """
        try:
            settings = cls(**_read_toml(config_file))
        except ValidationError as error:
            raise SettingsError(_sentence(error)) from error
        except NotJson as error:  # pydantic's own word for a list or a table in the environment that is none
            raise SettingsError(
                f"The settings in the environment are not right: {error}. Write lists as JSON: '[\"cpu\"]'."
            ) from error
        _refuse_unknown_names(settings)
        settings.service_config()  # so that a value out of range is told at once, whatever is started
        return settings.model_copy(update={"discord_token": _read_token(settings)})


def find_devices(workers: Workers) -> tuple[str, ...]:
    """The devices to start a worker on: those that were named, or for "auto" the CPU and every NVIDIA GPU there is."""
    if workers.devices != ("auto",):
        return workers.devices
    gpus = sorted(Path("/dev").glob("nvidia[0-9]*"), key=lambda path: int(path.name.removeprefix("nvidia")))
    return ("cpu", *(f"cuda:{index}" for index in range(len(gpus))))


def _refuse_unknown_names(settings: Settings) -> None:
    """Raises SettingsError for a name that would be read over in silence."""
    sections = type(settings).model_fields.keys() - {"discord_token"}
    for name in sorted(os.environ):
        if name == "BANDMATE_DISCORD_TOKEN":
            raise SettingsError("The token is read from DISCORD_TOKEN, not from BANDMATE_DISCORD_TOKEN.")
        section = name.removeprefix("BANDMATE_").partition("__")[0].lower()
        if name.startswith("BANDMATE_") and section not in sections:
            raise SettingsError(f"There is no setting {name}: config/default.toml lists every setting.")
    if settings.takes.engine not in settings.engines:
        known = ", ".join(sorted(settings.engines))
        raise SettingsError(f"takes.engine: there is no engine {settings.takes.engine!r}; there are {known}.")


def _read_toml(config_file: Path | None) -> dict[str, Any]:
    if config_file is None:
        config_file = Path(os.environ.get("BANDMATE_DATA_DIR") or default_data_dir()).expanduser() / "bandmate.toml"
        if not config_file.exists():
            return {}
    try:
        values = tomllib.loads(config_file.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f"The settings file {config_file} can't be read: {error.strerror}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"The settings file {config_file} is not valid TOML: {error}.") from error
    if "discord_token" in values:
        raise SettingsError(
            "The token does not belong into the settings file: set DISCORD_TOKEN or discord.token_file."
        )
    return values


def _read_token(settings: Settings) -> SecretStr | None:
    token = os.environ.get("DISCORD_TOKEN", "")
    if not token and (path := settings.discord.token_file):
        try:
            token = path.expanduser().read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise SettingsError(f"The token file {path} can't be read: {error}.") from error
    return SecretStr(token.strip()) if token.strip() else None


def _sentence(error: ValidationError) -> str:
    """The first few faults, each as `[section] name: what is wrong (it is …)`."""
    faults = []
    for fault in error.errors(include_url=False)[:3]:
        name = ".".join(str(part) for part in fault["loc"])
        shown = "" if isinstance(fault["input"], dict) else f" (it is {str(fault['input'])[:60]!r})"
        faults.append(f"{name}: {fault['msg']}{shown}")
    return "The settings are not right. " + "; ".join(faults) + ". config/default.toml lists every setting."
