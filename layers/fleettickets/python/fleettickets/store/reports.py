"""Reports over the read schema: what the map serves, and service levels by cluster."""

from collections.abc import Mapping
from typing import Any

from psycopg.rows import dict_row, tuple_row

from fleettickets.store.connections import Connection

MAP_PAYLOAD = """
with payload as materialized (
    select reporting.fn_tickets_for_map() as body
)

select body, octet_length(body::text) as size_bytes from payload
"""


def read_map_payload(connection: Connection) -> tuple[Mapping[str, Any], int]:
    """Return the Tickets map's payload as its consumers get it, and its size in bytes."""
    with connection.cursor(row_factory=tuple_row) as cursor:
        row = cursor.execute(MAP_PAYLOAD).fetchone()
    if row is None:
        raise LookupError("reporting.fn_tickets_for_map() returned nothing")
    return row


TICKETS_BY_TIER = """
with payload as materialized (
    select reporting.fn_tickets_for_map(p_open_only := false) as body
)

select feature -> 'properties' ->> 'geo_source' as tier, count(*) as tickets
from payload
cross join lateral jsonb_array_elements(body -> 'features') as feature
group by tier
union all
select 'none', (body -> 'summary' ->> 'without_coordinate')::bigint from payload
"""


def read_tickets_by_tier(connection: Connection) -> dict[str, int]:
    """Count all tickets, closed ones too, by what places them on the map; `none` are left out."""
    with connection.cursor(row_factory=tuple_row) as cursor:
        counted = dict(cursor.execute(TICKETS_BY_TIER).fetchall())
    return {tier: counted.get(tier, 0) for tier in ("feed", "location", "cluster", "none")}


SLA_BY_CLUSTER = """
select
    coalesce(cluster, '(none)') as cluster,
    count(*) as open,
    count(*) filter (where sla_state = 'within') as within,
    count(*) filter (where sla_state = 'at_risk') as at_risk,
    count(*) filter (where sla_state = 'breached') as breached,
    count(*) filter (where sla_state = 'unknown') as without_clock,
    round(avg(hours_open), 1)::double precision as hours_open_mean,
    round(max(hours_open), 1)::double precision as hours_open_longest,
    count(*) filter (where geog is not null) as on_map
from tickets.inc_open_sla
group by cluster
order by breached desc, open desc, cluster asc
"""


def read_sla_by_cluster(connection: Connection) -> list[dict[str, Any]]:
    """Return the service level of the open tickets by cluster, the worst cluster first."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(SLA_BY_CLUSTER).fetchall()
