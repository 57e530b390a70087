"""Ids that grow with time, time that tests move, logs without secrets."""

from __future__ import annotations

import io
import json
import logging
from datetime import timedelta

import pytest

from services.infra import clock, log


@pytest.fixture
def lines(logs_as_before: None) -> io.StringIO:
    """Where the log goes during a test."""
    stream = io.StringIO()
    log.configure("info", stream)
    return stream


def test_ids_sort_by_the_time_of_their_making():
    before = clock.new_id()
    while (after := clock.new_id()).int >> 80 == before.int >> 80:
        pass
    assert before < after
    assert (after.version, after.variant) == (7, "specified in RFC 4122")


def test_travelling_moves_now_and_ends_with_the_block():
    started = clock.now()
    with clock.travel(timedelta(days=8)):
        assert clock.now() - started >= timedelta(days=8)
    assert clock.now() - started < timedelta(minutes=1)


def test_a_log_line_is_json_with_event_level_and_timestamp(lines: io.StringIO):
    log.get_logger().info("hand_dealt", street=0)
    line = json.loads(lines.getvalue())
    assert (line["event"], line["level"], line["street"]) == ("hand_dealt", "info", 0)
    assert line["timestamp"].endswith("Z")


def test_fields_with_secret_names_are_masked(lines: io.StringIO):
    log.get_logger().info("x", password="hunter2", csrf_token="hunter2", cookie="hunter2")
    assert "hunter2" not in lines.getvalue()


def test_cookies_and_passwords_inside_texts_of_libraries_are_masked(lines: io.StringIO):
    logging.getLogger("somewhere").error("event with mixline_session=hunter2; and redis://:hunter2@host/0")
    assert "hunter2" not in lines.getvalue()
    assert json.loads(lines.getvalue())["level"] == "error"


@pytest.mark.parametrize(
    "text",
    [
        "mixline_session=hunter2; __Host-mixline_refresh=hunter2; mixline_csrf=hunter2",
        "Authorization: Bearer hunter2",
        "rediss://user:hunter2@host/0 and postgresql://mixline:hunter2@127.0.0.1/x",
        "GET /api/auth/oauth/google/callback?state=hunter2&code=hunter2",
        "eyJhbGciOiJFZERTQSJ9.hunter2.hunter2",
        "token mxl_hunter2hunter2",
        "hunter2@example.org is not served",
    ],
)
def test_what_looks_like_a_credential_or_a_person_is_cut_out_of_any_text(lines: io.StringIO, text: str):
    log.get_logger().info("x", detail=text, nested={"list": [text], "deep": {"more": text}})
    try:
        raise ValueError(text)
    except ValueError as error:
        logging.getLogger("somewhere").exception("failed: %s", text, exc_info=error)
    assert len(lines.getvalue().splitlines()) == 2
    assert "hunter2" not in lines.getvalue()


def test_numbers_and_plain_words_of_a_line_stay(lines: io.StringIO):
    log.get_logger().info("child_ended", exit_code=1, path="/api/users/me", seconds=[0.5], detail="at 10:00, a@b")
    line = json.loads(lines.getvalue())
    assert (line["exit_code"], line["path"], line["seconds"]) == (1, "/api/users/me", [0.5])
    assert line["detail"] == "at 10:00, a@b"
