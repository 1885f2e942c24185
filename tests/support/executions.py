"""Reseeds of a deployed application: executions of its state machine, and what they leave."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from secrets import token_hex
from typing import Any

from tests.support.applications import Application
from tests.support.ingests import Model, closure_state, model_closures, tickets_state
from tests.support.streams import StreamFile, replay
from tests.support.waits import wait_until

END_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class Execution:
    """An execution as it is by now; `output` is None unless it succeeded."""

    arn: str
    status: str
    output: Any
    error: str | None
    cause: str

    @property
    def summary(self) -> dict[str, Any]:
        """What it reports; it must have succeeded."""
        assert self.status == "SUCCEEDED", f"{self.status} {self.error}: {self.cause}"
        return self.output


@dataclass(frozen=True, slots=True)
class Reseeds:
    """Starts executions of an application's state machine, and looks at them."""

    application: Application

    @property
    def _client(self) -> Any:  # noqa: ANN401 - described by the stubs of LocalStack's clients
        return self.application.localstack.state_machines

    def start(self, request: Mapping[str, object]) -> str:
        """Start an execution and return its ARN."""
        answer = self._client.start_execution(
            stateMachineArn=self.application.stack.outputs["ReseedStateMachineArn"],
            name=f"test-{token_hex(6)}",
            input=json.dumps(request),
        )
        return answer["executionArn"]

    def start_apply(self, plan_sha256: str, **options: object) -> str:
        """Start to apply a plan."""
        return self.start({"apply": True, "plan_sha256": plan_sha256, **options})

    def run(self, request: Mapping[str, object]) -> Execution:
        """Start an execution and return it when it has ended."""
        return self.await_end(self.start(request))

    def plan(self) -> dict[str, Any]:
        """Plan, and return the summary."""
        return self.run({}).summary

    def apply(self, plan_sha256: str, **options: object) -> Execution:
        """Apply a plan and return the execution when it has ended."""
        return self.await_end(self.start_apply(plan_sha256, **options))

    def stop(self, arn: str) -> None:
        """Stop an execution, as a person does in the console, who sees when it has ended."""
        self._client.stop_execution(executionArn=arn)
        self.await_end(arn)

    def look_at(self, arn: str) -> Execution:
        """Return an execution as it is."""
        found = self._client.describe_execution(executionArn=arn)
        output = json.loads(found["output"]) if found["status"] == "SUCCEEDED" else None
        return Execution(arn, found["status"], output, found.get("error"), found.get("cause", ""))

    def await_end(self, arn: str, *, timeout_seconds: float = END_SECONDS) -> Execution:
        """Wait until an execution has ended, well or not."""

        def ended() -> Execution | None:
            execution = self.look_at(arn)
            return None if execution.status == "RUNNING" else execution

        execution = wait_until(ended, f"the end of {arn}", timeout_seconds=timeout_seconds)
        assert execution
        return execution

    def events(self, arn: str) -> list[dict[str, Any]]:
        """Return the events of an execution's history, in order."""
        pages = self._client.get_paginator("get_execution_history").paginate(executionArn=arn)
        return [event for page in pages for event in page["events"]]

    def report(self, summary: Mapping[str, Any]) -> dict[str, Any]:
        """Return the report that a plan has written into the bucket."""
        answer = self.application.localstack.s3.get_object(
            Bucket=self.application.bucket, Key=summary["report_key"]
        )
        return json.load(answer["Body"])

    def await_settled(self, files: int, *, generation: int = 1) -> None:
        """Wait until so many files are settled in a generation."""
        wait_until(
            lambda: len(self.settled(generation)) >= files,
            f"{files} files of generation {generation}",
            timeout_seconds=END_SECONDS,
            poll_seconds=0.02,
        )

    def settled(self, generation: int = 1) -> Sequence[str]:
        """Return the stamps that are settled in a generation, in the order of their settling."""
        rows = self.application.connection.execute(
            "select stamp from tickets.import_files where generation = %s order by applied_at",
            [generation],
        )
        return [str(stamp) for (stamp,) in rows]


def reseeded(model: Model, generation: int = 1) -> Model:
    """Return what the model's tickets are after a reseed that asserted all of them."""
    tickets = {
        ticket: (raw, (generation, *version[1:]))
        for ticket, (raw, version) in model.tickets.items()
    }
    return Model(tickets, model.closures)


def on_top(former: list[StreamFile], stream: list[StreamFile]) -> Model:
    """Return what a clean ingest of a stream in generation 1 gives on top of a former one."""
    model, above = replay(former), reseeded(replay(stream))
    model.tickets |= above.tickets
    for closure, raw in above.closures.items():
        model.closures.setdefault(closure, raw)
    return model


def assert_equals(application: Application, model: Model) -> None:
    """Compare tickets, versions and closures."""
    assert tickets_state(application.connection) == model.state()
    assert closure_state(application.connection) == model_closures(model)


def freshness(application: Application) -> dict[str, object]:
    """Return what readers are told about the state of the stream."""
    row = application.connection.execute("select tickets.freshness()").fetchone()
    assert row
    return row[0]
