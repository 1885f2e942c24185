"""The scheduled run of the deployed function: four steps, with the gazetteer of its package."""

from datetime import UTC, datetime, timedelta
from typing import Any

from tests.support.applications import Application
from tests.support.feeds import a_change_file, a_row
from tests.support.localstack import scheduler
from tests.support.streams import some_stamps
from tests.support.waits import wait_until

STEPS = ["sweep", "clusters", "locations", "history"]
NO_PAIR = {"latitude": "", "longitude": ""}


def fire(application: Application) -> list[dict[str, Any]]:
    """Let the schedule's target run now; return the lines of its steps, in order."""
    client = scheduler(application.localstack)
    schedule = client.get_schedule(Name=f"{application.stack.name}-in-working-hours")
    due_at = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=2)
    client.create_schedule(
        Name=f"{application.stack.name}-geocoding-{due_at:%H%M%S}",
        ScheduleExpression=f"at({due_at:%Y-%m-%dT%H:%M:%S})",
        FlexibleTimeWindow={"Mode": "OFF"},
        Target=schedule["Target"],
    )
    pattern = f'{{ $.step = "*" && $.correlation_id = "{due_at:%Y-%m-%dT%H:%M:%SZ}" }}'
    wait_until(lambda: len(application.logged("Enrich", pattern)) == len(STEPS), "its four steps")
    return application.logged("Enrich", pattern)


def test_schedules_target_places_tickets_by_the_gazetteer(application: Application) -> None:
    """One line a step; the map's payload says which tier placed each ticket."""
    (stamp,) = some_stamps(1)
    rows = [
        a_row(ticket_id="FED", cluster="Karen", latitude="-1.32", longitude="36.71"),
        a_row(ticket_id="NEAR", cluster="Kilimani", location_name="NW_KILELESHWA_FDT12", **NO_PAIR),
        a_row(ticket_id="ROUGH", cluster="Kilimani", location_name="Atlantis_FDT3", **NO_PAIR),
        a_row(ticket_id="LOST", cluster="Atlantis", location_name="Utopia", **NO_PAIR),
    ]
    application.put(stamp, a_change_file(rows))
    application.await_settled([stamp])

    lines = fire(application)
    payload = application.connection.execute("select reporting.fn_tickets_for_map()").fetchone()
    again = fire(application)

    assert [(line["message"], line["step"]) for line in lines] == [
        ("step was run", step) for step in STEPS
    ]
    counts = {line["step"]: line for line in lines}
    assert (counts["clusters"]["found"], counts["clusters"]["not_found"]) == (2, 1)
    assert (counts["locations"]["found"], counts["locations"]["not_found"]) == (1, 1)
    assert payload is not None
    features = [feature["properties"] for feature in payload[0]["features"]]
    assert {each["ticket_id"]: each["geo_source"] for each in features} == {
        "FED": "feed",
        "NEAR": "location",
        "ROUGH": "cluster",
    }
    assert payload[0]["summary"]["without_coordinate"] == 1
    assert [line["outcome"] for line in again[1:3]] == ["nothing to do"] * 2
