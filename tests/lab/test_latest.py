"""Only the newest question is answered to its end."""

import subprocess
import sys
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


@pytest.mark.parametrize("error", [SystemExit("enough"), KeyboardInterrupt()])
def test_what_would_end_a_program_is_told_too(error):
    told = []

    def work(what, stop):
        raise error

    worker = Latest(work, lambda what, error: told.append(error))
    worker.ask("bad")
    assert worker.wait(5)
    assert told == [error]


SCRIPT = """
import threading, time
from mi_widgets.lab import latest

latest._LAST_S = {last}
begun = threading.Event()

def work(what, stop):
    begun.set()
    while not ({heeds} and stop.is_set()):
        time.sleep(0.01)
    print("stopped")

latest.Latest(work, print).ask("what never ends")
begun.wait(5)
print("the end")
"""


@pytest.mark.parametrize(
    ("last", "heeds", "says"), [(5, True, ["the end", "stopped"]), (0.1, False, ["the end"])]
)
@pytest.mark.slow
def test_a_script_ends_though_there_is_work_left(last, heeds, says):
    script = SCRIPT.format(last=last, heeds=heeds)
    ran = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=20, check=False
    )
    assert (ran.returncode, ran.stdout.split("\n")[:-1], ran.stderr) == (0, says, "")


def test_it_answers_again_even_if_telling_an_error_fails(capsys):
    done = []

    def work(what, stop):
        if what == "bad":
            raise ValueError("no")
        done.append(what)

    def tell(what, error):
        worker.ask("asked meanwhile")
        raise ZeroDivisionError

    worker = Latest(work, tell)
    for what in ("bad", "good"):
        worker.ask(what)
        assert worker.wait(5)
    assert done == ["asked meanwhile", "good"]
    assert "ZeroDivisionError" in capsys.readouterr().err


def test_what_is_ended_stops_and_does_nothing_that_waits():
    begun, done = threading.Event(), []

    def work(what, stop):
        begun.set()
        done.append((what, stop.wait(5)))

    worker = Latest(work, lambda what, error: None)
    worker.ask("first")
    assert begun.wait(5)
    worker.ask("second")
    worker.end()
    assert worker.wait(5)
    assert done == [("first", True)]


def test_it_is_not_waited_for_ever():
    stop = threading.Event()
    worker = Latest(lambda what, _: stop.wait(5) and None, lambda what, error: None)
    worker.ask("long")
    assert not worker.wait(0.01)
    stop.set()
    assert worker.wait(5)
