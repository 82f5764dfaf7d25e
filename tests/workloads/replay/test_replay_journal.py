from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace

from bench.workloads.journal import (
    UNKNOWN,
    Exchange,
    read_journal,
    refused,
    sent_again,
    write_exchange,
)


def exchange(path: str = "/ai/optimize", status: int = 200) -> Exchange:
    return Exchange(
        service="ai", connection=1, client_port=40000, method="POST", path=path, status=status,
        received_ns=1_000_000, body_ns=2_000_000, handled_ns=2_500_000, sent_ns=25_000_000,
        simulated_s=0.02, request_bytes=10, response_bytes=20,
    )  # fmt: skip


def test_what_is_written_is_read_and_half_a_line_is_not(tmp_path: Path) -> None:
    journal = tmp_path / "journal.jsonl"
    with journal.open("ab", buffering=0) as stream:
        write_exchange(stream, exchange())
        size = journal.stat().st_size
        write_exchange(stream, exchange("/ai/rank"))
        stream.write(b'{"service":"ai","conn')
    assert [one.path for one in read_journal(journal)] == ["/ai/optimize", "/ai/rank"]
    assert [one.path for one in read_journal(journal, size)] == ["/ai/rank"]
    assert read_journal(tmp_path / "none") == ()


def test_damage_is_told(tmp_path: Path) -> None:
    journal = tmp_path / "journal.jsonl"
    journal.write_text("something else\n", encoding="utf-8")
    with pytest.raises(msgspec.DecodeError):
        read_journal(journal)


def test_own_time_is_without_what_was_added_on_purpose() -> None:
    assert exchange().own_s == pytest.approx(0.003)


def test_what_there_is_no_answer_to_is_named_once() -> None:
    asked = [exchange(), exchange("/ai/new", UNKNOWN), exchange("/ai/new", UNKNOWN)]
    assert refused(asked) == "the service has no answer to POST /ai/new"
    assert refused(asked[:1]) == ""


def test_a_request_after_a_failure_is_one_sent_again() -> None:
    asked = [
        replace(exchange(path, status), received_ns=moment)
        for moment, (path, status) in enumerate(
            [("/a", 503), ("/b", 200), ("/a", 503), ("/a", 200), ("/a", 200), ("/b", 404),
             ("/b", 200), ("/c", 429)]
        )
    ]  # fmt: skip
    assert sent_again(asked) == 2
    assert sent_again(reversed(asked)) == 2
    assert sent_again([]) == 0
