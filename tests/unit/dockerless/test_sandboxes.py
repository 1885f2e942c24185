"""Sandboxes: real processes that speak Lambda's Runtime API, here with a client of a few lines."""

import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.stack.localstack.dockerless.runtime_api import Answer, Invocation
from tests.stack.localstack.dockerless.sandboxes import Program, Sandbox
from tests.support.waits import wait_until

# What awslambdaric does, as far as it matters: load, fetch, run, answer, again and again.
CLIENT = """
import importlib, json, os, sys, urllib.error, urllib.request
base = f"http://{os.environ['AWS_LAMBDA_RUNTIME_API']}/2018-06-01/runtime"

def call(path, body=None):
    return urllib.request.urlopen(f"{base}/{path}", body)

module, name = sys.argv[1].split(".")
try:
    handle = getattr(importlib.import_module(module), name)
except ImportError as error:
    call("init/error", json.dumps({"errorType": "Runtime.ImportModuleError"}).encode())
    sys.exit(1)
while True:
    with call("invocation/next") as work:
        request_id = work.headers["Lambda-Runtime-Aws-Request-Id"]
        event = json.load(work)
    try:
        path, answer = "response", handle(event)
    except ValueError as error:
        path, answer = "error", {"errorType": "ValueError", "errorMessage": str(error)}
    call(f"invocation/{request_id}/{path}", json.dumps(answer).encode()).close()
"""
HANDLER = """
import os, sys, time
from lib import MARK

def handle(event):
    print("handling", event, flush=True)
    match event:
        case "sleep": time.sleep(60)
        case "exit": os._exit(3)
        case "fail": raise ValueError("no good")
        case "mark": return [MARK, os.environ["STAGE"], "HOME" in os.environ]
    return event
"""


@pytest.fixture
def program(tmp_path: Path) -> Program:
    """A function with a layer."""
    code, layer = tmp_path / "code", tmp_path / "layer"
    (code / "awslambdaric").mkdir(parents=True)
    (layer / "python").mkdir(parents=True)
    (code / "awslambdaric" / "__main__.py").write_text(CLIENT)
    (code / "handler.py").write_text(HANDLER)
    (layer / "python" / "lib.py").write_text("MARK = 'from the layer'")
    return Program(
        function_name="echo",
        handler="handler.handle",
        interpreter=sys.executable,
        code=str(code),
        layers=(str(layer),),
        runtime_version="3.13",
        variables={"STAGE": "test"},
    )


@pytest.fixture
def sandbox(program: Program, tmp_path: Path) -> Iterator[Sandbox]:
    """A running function."""
    sandbox = Sandbox(program, tmp_path / "sandboxes")
    yield sandbox
    sandbox.stop()
    sandbox.read_output()


def invoke(sandbox: Sandbox, payload: str, timeout_seconds: float = 20.0) -> Answer:
    """Invoke with a JSON text."""
    invocation = Invocation("id-1", "arn:echo", "trace", payload.encode(), deadline_ms=0)
    return sandbox.invoke(invocation, timeout_seconds)


def test_warm_process_answers_again_and_again(sandbox: Sandbox) -> None:
    """One process serves many invocations, and its output is read in between."""
    first, first_output = invoke(sandbox, "1"), sandbox.read_output()
    second, second_output = invoke(sandbox, "2"), sandbox.read_output()

    assert (first, second) == (Answer(b"1"), Answer(b"2"))
    assert (first_output, second_output) == ("handling 1\n", "handling 2\n")


def test_function_sees_its_layers_and_variables_and_nothing_of_ours(sandbox: Sandbox) -> None:
    """The environment is Lambda's, not that of whoever started LocalStack."""
    answer = invoke(sandbox, '"mark"')

    assert answer == Answer(b'["from the layer", "test", false]')


def test_error_of_the_handler_is_an_answer(sandbox: Sandbox) -> None:
    """The process lives on."""
    answer = invoke(sandbox, '"fail"')

    assert answer.is_error
    assert b"no good" in answer.body
    assert invoke(sandbox, "1") == Answer(b"1")


def test_function_that_takes_too_long_is_killed(sandbox: Sandbox) -> None:
    """Lambda's own error says so, and the sandbox is of no use any more."""
    answer = invoke(sandbox, '"sleep"', timeout_seconds=0.5)

    assert answer.is_error
    assert (
        answer.notice
        == "RequestId: id-1 Error: Task timed out after 0.50 seconds\nSandbox.Timedout\n"
    )
    assert not sandbox.is_usable


def test_process_that_ends_answers_for_what_it_was_doing(sandbox: Sandbox) -> None:
    """The invocation fails at once, with the exit status, and not after its timeout."""
    started = time.monotonic()
    answer = invoke(sandbox, '"exit"')

    assert b"Runtime exited with error: exit status 3" in answer.body
    assert time.monotonic() - started < 10
    assert not sandbox.is_usable


def test_handler_that_cannot_be_imported_fails_each_invocation(
    program: Program, tmp_path: Path
) -> None:
    """With the error that the runtime client reported before it ended."""
    Path(program.code, "handler.py").write_text("import nothing_of_that_name")

    sandbox = Sandbox(program, tmp_path)
    answers = [invoke(sandbox, "1"), invoke(sandbox, "2")]

    assert [answer.body for answer in answers] == [
        b'{"errorType": "Runtime.ImportModuleError"}'
    ] * 2
    sandbox.stop()
    sandbox.read_output()


def test_running_process_can_be_found_and_a_dead_one_leaves_nothing(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    """Tests kill functions by the pid files, and `stop` looks for stragglers there."""
    invoke(sandbox, "1")
    (pid_file,) = (tmp_path / "sandboxes").glob("echo/*/pid")
    assert Path("/proc", pid_file.read_text().strip()).exists() or sys.platform != "linux"

    sandbox.stop()

    folder = tmp_path / "sandboxes" / "echo"
    wait_until(lambda: not list(folder.iterdir()), "the sandbox's folder to go")
