"""What a capture of the history would find to do, read without a lock."""

from psycopg.rows import class_row

from fleettickets.store.connections import Connection
from fleettickets.store.history import Capture
from fleettickets.store.streams import DATASET

HISTORY_GAPS = """
with stream as (
    select mode
    from tickets.import_streams
    where dataset = %s
    order by generation desc
    limit 1
),

today as (
    select (now() at time zone 'Africa/Nairobi')::date as day
),

gaps as (
    select count(*) as closures
    from tickets.inc as inc
    where
        inc.closed_at is not null
        and not exists (
            select from tickets.closure_events as events
            where events.ticket_id = inc.ticket_id and events.closed_at = inc.closed_at
        )
)

select
    stream.mode <> 'reseed' as captured,
    case when stream.mode = 'reseed' then 'a reseed is under way' end as reason,
    today.day as snapshot_date,
    case
        when stream.mode = 'reseed' then 'untouched'
        when exists (
            select from tickets.inc_daily_snapshot as snapshot
            where snapshot.snapshot_date = today.day
        ) then 'brought up to date'
        else 'written'
    end as snapshot,
    case when stream.mode = 'reseed' then 0 else gaps.closures end as closures_added
from stream
cross join today
cross join gaps
"""


def plan_capture(connection: Connection) -> Capture:
    """Say what `capture_history` would do now; the snapshot's numbers are not computed for it."""
    with connection.cursor(row_factory=class_row(Capture)) as cursor:
        capture = cursor.execute(HISTORY_GAPS, [DATASET]).fetchone()
    if capture is None:
        raise LookupError("tickets.import_streams has no row for the dataset: run the migrations")
    return capture
