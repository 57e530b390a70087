"""Settings: from the environment, described, and secret where they have to be."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from app.commands.settings_page import PAGE, render
from services.infra.settings import Settings


def test_settings_come_from_the_environment(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("MIXLINE_PORT", "8080")
    monkeypatch.setenv("DATABASE_URL", "postgresql://me:secret@db/mixline")
    settings = Settings()
    assert (settings.port, settings.database_url.get_secret_value()) == (8080, "postgresql://me:secret@db/mixline")


def test_a_password_in_a_url_is_not_printed(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("DATABASE_URL", "postgresql://me:hunter2@db/mixline")
    assert "hunter2" not in repr(Settings())


def test_a_port_that_does_not_exist_is_refused(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("MIXLINE_PORT", "70000")
    with pytest.raises(ValidationError, match="port"):
        Settings()


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("redis://:pw@host:6379/0", "redis://:pw@host:6379/1"),
        ("redis://:pw@host:6379", "redis://:pw@host:6379/1"),
        ("rediss://host/4?timeout=1", "rediss://host/5?timeout=1"),
    ],
)
def test_page_state_has_a_logical_database_of_its_own(monkeypatch: pytest.MonkeyPatch, given: str, expected: str):
    monkeypatch.delenv("MIXLINE_STATE_REDIS_URL", raising=False)
    monkeypatch.setenv("REDIS_URL", given)
    assert Settings().page_state_redis_url == expected


def test_every_setting_has_a_description():
    assert [name for name, field in Settings.model_fields.items() if not field.description] == []


def test_the_page_of_settings_is_up_to_date():
    assert PAGE.read_text() == render(), "run ./mixline settings --write"
