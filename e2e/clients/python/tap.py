"""What our Python programs share: checks by decorator, run in order, told as TAP. `PROGRAM HOST:PORT klamm|kafka`."""
import sys
import threading
import time
import traceback

BOOTSTRAP, TARGET = (sys.argv + ["127.0.0.1:9092", "klamm"][len(sys.argv) - 1:])[1:3]
# Longer than any client needs on a busy machine, shorter than patience.
LIMIT_S = 25
_checks = []


def check(name):
    def add(body):
        _checks.append((name, body))
        return body
    return add


def eventually(what, holds):
    end = time.monotonic() + LIMIT_S - 5
    while time.monotonic() < end:
        if holds():
            return
        time.sleep(0.01)
    raise AssertionError(f"not within {LIMIT_S - 5} s: {what}")


def expect(expected, actual, what=""):
    assert expected == actual, f"{what}: expected {expected!r}, got {actual!r}"


def fails(call, *words):
    """The call must raise, and the error must name one of these words."""
    try:
        answer = call()
    except Exception as error:
        text = f"{type(error).__name__} {error!r}"
        assert any(word in text for word in words), f"expected one of {words}, got {text}"
        return error
    raise AssertionError(f"expected one of {words}, got {answer!r}")


def _run(body, outcome):
    try:
        body()
        outcome.append(None)
    except BaseException:
        outcome.append(traceback.format_exc())


def run_all():
    print(f"1..{len(_checks)}", flush=True)
    for name, body in _checks:
        outcome = []
        # A daemon: a check that hangs must not keep the program from its end.
        thread = threading.Thread(target=_run, args=(body, outcome), daemon=True)
        thread.start()
        thread.join(LIMIT_S)
        failure = outcome[0] if outcome else f"no end after {LIMIT_S} s\n"
        if failure:
            print(failure, flush=True)
        print(f"{'not ok' if failure else 'ok'} - {name}", flush=True)
