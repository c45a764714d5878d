"""Only the newest question is answered to its end."""

import threading

import pytest

from mi_widgets.lab.latest import Latest


def test_what_is_asked_is_done_and_waited_for():
    done = []
    worker = Latest(lambda what, stop: done.append(what), lambda what, error: pytest.fail(str(error)))
    assert worker.wait(0)
    for what in range(3):
        worker.ask(what)
        assert worker.wait(5)
    assert done == [0, 1, 2]


def test_what_is_newer_ends_what_is_under_way_and_skips_what_waits():
    begun, done = threading.Event(), []

    def work(what, stop):
        begun.set()
        done.append((what, stop.wait(5 if what == "slow" else 0)))

    worker = Latest(work, lambda what, error: pytest.fail(str(error)))
    worker.ask("slow")
    assert begun.wait(5)
    for what in ("never", "nor this", "newest"):
        worker.ask(what)
    assert worker.wait(5)
    assert done == [("slow", True), ("newest", False)]


def test_an_error_is_told_and_the_next_question_answered():
    told, done = [], []

    def work(what, stop):
        if what == "bad":
            raise ValueError("no")
        done.append(what)

    worker = Latest(work, lambda what, error: told.append((what, str(error))))
    worker.ask("bad")
    assert worker.wait(5)
    worker.ask("good")
    assert worker.wait(5)
    assert (told, done) == ([("bad", "no")], ["good"])


def test_it_answers_again_even_if_telling_an_error_fails(monkeypatch):
    done = []
    monkeypatch.setattr(threading, "excepthook", lambda _: None)

    def work(what, stop):
        if what == "bad":
            raise ValueError("no")
        done.append(what)

    worker = Latest(work, lambda what, error: 1 / 0)
    for what in ("bad", "good"):
        worker.ask(what)
        assert worker.wait(5)
    assert done == ["good"]


def test_it_is_not_waited_for_ever():
    stop = threading.Event()
    worker = Latest(lambda what, _: stop.wait(5) and None, lambda what, error: None)
    worker.ask("long")
    assert not worker.wait(0.01)
    stop.set()
    assert worker.wait(5)
