-- Purpose: the open tickets with the state of their SLA.
-- Why: the clock's rules live in one function, so that view, dashboard and history agree.
-- Locks: none that matter; everything here is new.
-- Undo: drop view tickets.inc_open_sla; drop function tickets.sla_clock.

create function tickets.sla_clock(
    p_created_at_service timestamptz, p_first_seen_at timestamptz, p_at timestamptz
) returns table (sla_clock_source text, sla_state text, hours_open numeric)
language sql
stable
parallel safe
rows 1
as $$
    select
        case
            when p_created_at_service is not null then 'created_at_service'
            when p_first_seen_at is not null then 'first_seen_at'
        end,
        case
            when clock.started_at is null then 'unknown'
            when clock.started_at <= p_at - interval '48 hours' then 'breached'
            when clock.started_at <= p_at - interval '36 hours' then 'at_risk'
            else 'within'
        end,
        trunc(greatest(extract(epoch from p_at - clock.started_at), 0) / 3600, 2)
    from (select coalesce(p_created_at_service, p_first_seen_at) as started_at) as clock
$$;

create view tickets.inc_open_sla as
select
    inc.ticket_id,
    inc.normalized_status,
    inc.raw_status,
    inc.cluster,
    inc.region,
    inc.location_name,
    inc.assigned_team,
    inc.owner,
    inc.created_at_service,
    inc.first_seen_at,
    clock.hours_open,
    clock.sla_state,
    clock.sla_clock_source,
    inc.latitude,
    inc.longitude,
    inc.geo_source,
    inc.geog
from tickets.inc as inc
cross join lateral tickets.sla_clock(inc.created_at_service, inc.first_seen_at, now()) as clock
where inc.is_actionable;

revoke execute on function tickets.sla_clock(timestamptz, timestamptz, timestamptz) from public;
