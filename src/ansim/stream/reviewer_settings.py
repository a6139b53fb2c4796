"""What the settings say about the reviewer, for whoever needs to know it without asking a model."""

from __future__ import annotations

from dataclasses import replace

from ansim.config import Config, ConfigError
from ansim.outside import Unusable
from ansim.reviewing.settings import Pictures, Settings, settings


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


def shows_pictures(config: Config) -> bool:
    """Whether small copies of pictures are to be made for the reviewer at all. Raises ConfigError.

    For the gateway, which asks no model and needs no key for one.
    """
    if config.reviewer_pictures != Pictures.SHOWN:
        return False
    return reviewer_settings(replace(config, reviewer_key_file="")) is not None
