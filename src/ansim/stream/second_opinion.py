"""The reviewer as the settings describe it."""

from __future__ import annotations

from ansim.config import Config, ConfigError
from ansim.reviewing.settings import Settings, Unusable, settings


def reviewer_settings(config: Config) -> Settings | None:
    """None where the reviewer is off. Raises ConfigError naming the setting, with what to do."""
    try:
        return settings(
            url=config.reviewer_url,
            model=config.reviewer_model,
            key_file=config.reviewer_key_file,
            local=config.reviewer_local,
            basis=config.reviewer_basis,
            hourly=config.reviewer_hourly,
            at_once=config.reviewer_at_once,
            pictures=config.reviewer_pictures,
            timeout=config.reviewer_timeout,
        )
    except Unusable as error:
        raise ConfigError(str(error)) from None
