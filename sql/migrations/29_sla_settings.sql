-- Purpose: the contract's hours and the accuracy of points in one settings table; the SLA clock
--          that follows them; tickets.explain_sla, which says how a state came about.
-- Why: view, dashboard, snapshot and dispatch call one function, so one row changes them all.
-- Locks: none that matter; tickets.sla_clock is replaced under the same signature.
-- Undo: replace tickets.sla_clock by the text of 12; drop the other functions and the table.

create table tickets.settings (
    is_only_row boolean not null default true,
    contract_hours numeric not null default 48,
    at_risk_hours numeric not null default 36,
    feed_accuracy_metres integer not null default 50,
    location_accuracy_metres integer not null default 2500,
    cluster_accuracy_metres integer not null default 12500,
    constraint settings_pkey primary key (is_only_row),
    constraint settings_is_one_row check (is_only_row),
    constraint settings_hours_are_ordered
    check (at_risk_hours > 0 and at_risk_hours <= contract_hours and contract_hours <= 8760),
    constraint settings_accuracies_are_ordered
    check (
        feed_accuracy_metres between 1 and location_accuracy_metres
        and location_accuracy_metres <= cluster_accuracy_metres
    )
);

insert into tickets.settings default values;

comment on table tickets.settings is
'What the read schema takes for granted, in one row; a change counts from the next call on.';
comment on column tickets.settings.is_only_row is
'True: there is one row.';
comment on column tickets.settings.contract_hours is
'Hours from the start of a ticket''s clock after which its SLA is breached.';
comment on column tickets.settings.at_risk_hours is
'Hours from the start of the clock after which it is at risk; at most contract_hours.';
comment on column tickets.settings.feed_accuracy_metres is
'Accuracy of the feed''s own pair in metres: that of a phone''s GPS between buildings.';
comment on column tickets.settings.location_accuracy_metres is
'Accuracy of a location''s point in metres: half the extent of an estate or a village.';
comment on column tickets.settings.cluster_accuracy_metres is
'Accuracy of a cluster''s point in metres: half of the 25 km within which geocoding looks.';

-- Security definer: readers need what it says, and no right on the table.
create function tickets.current_settings() returns tickets.settings
language sql
stable
parallel safe
security definer
set search_path = pg_catalog, pg_temp
as $$
    select settings.* from tickets.settings as settings
$$;

comment on function tickets.current_settings() is
'The settings'' only row.';

-- To be inlined, so it has nothing set; each sub-select is evaluated once a statement.
create or replace function tickets.sla_clock(
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
            when
                clock.started_at <= p_at - (
                    select settings.contract_hours::double precision * interval '1 hour'
                    from tickets.current_settings() as settings
                )
                then 'breached'
            when
                clock.started_at <= p_at - (
                    select settings.at_risk_hours::double precision * interval '1 hour'
                    from tickets.current_settings() as settings
                )
                then 'at_risk'
            else 'within'
        end,
        case
            when clock.started_at is not null
                then (
                    floor(greatest(date_part('epoch', p_at - clock.started_at), 0) / 36) / 100
                )::numeric
        end
    from (select coalesce(p_created_at_service, p_first_seen_at) as started_at) as clock
$$;

comment on function tickets.sla_clock(timestamptz, timestamptz, timestamptz) is
'The rules of the SLA clock, for created_at_service, first_seen_at and the time to judge at: at '
'risk and breached from the hours in tickets.settings on.';

comment on column tickets.inc_open_sla.sla_state is
'within, at_risk or breached by the hours in tickets.settings (36 and 48), unknown without a '
'clock.';

create function tickets.closed_sla(p_sla_status text) returns text
language sql
immutable
parallel safe
as $$
    select
        case lower(p_sla_status)
            when 'compliant' then 'within'
            when 'breached' then 'breached'
            else 'unknown'
        end
$$;

comment on function tickets.closed_sla(text) is
'The SLA of a closed ticket by the source''s sla_status: within, breached, or unknown. The source '
'knows the pauses that a contract allows, which the feed does not show; but it judges when it '
'closes a ticket, and calls nearly every open one compliant. So it is trusted for closed ones '
'only.';

create function tickets.explain_sla(p_ticket_id text) returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
set timezone = 'Africa/Nairobi'
as $$
declare
    v_ticket record;
    v_clock record;
    v_hours constant record := tickets.current_settings();
    v_started_at timestamptz;
    v_state text;
    v_steps text [];
begin
    select
        inc.ticket_id, inc.is_actionable is true as is_open, inc.sla_status,
        inc.created_at_service, inc.first_seen_at, inc.closed_at,
        inc.raw ->> 'created_at_service' as created_text, inc.raw ->> 'first_seen_at' as seen_text
    into v_ticket
    from tickets.inc as inc
    where inc.ticket_id = p_ticket_id;
    if not found then
        raise exception using
            errcode = 'no_data_found',
            message = format('there is no ticket %L', left(p_ticket_id, 200)),
            hint = 'Give a ticket_id as the feed writes it; case and spaces count.';
    end if;
    select clock.* into v_clock
    from tickets.sla_clock(v_ticket.created_at_service, v_ticket.first_seen_at, now()) as clock;
    v_started_at := coalesce(v_ticket.created_at_service, v_ticket.first_seen_at);
    v_state := case
        when v_ticket.is_open then v_clock.sla_state else tickets.closed_sla(v_ticket.sla_status)
    end;
    if v_ticket.is_open then
        v_steps := array[
            'The ticket is open: its clock decides, not the source''s sla_status.',
            case
                when v_ticket.created_at_service is not null
                    then format('The clock started at created_at_service, %s.', v_started_at)
                when v_ticket.created_text is null then 'created_at_service is not given.'
                else format('created_at_service, %L, is no time.', left(v_ticket.created_text, 64))
            end
        ];
        if v_ticket.created_at_service is null then
            v_steps := v_steps || case
                when v_ticket.first_seen_at is not null
                    then format('So the clock started at first_seen_at, %s.', v_started_at)
                when v_ticket.seen_text is null then 'first_seen_at is not given either.'
                else format('first_seen_at, %L, is no time either.', left(v_ticket.seen_text, 64))
            end;
        end if;
        v_steps := v_steps || case
            when v_started_at is null then 'Without a clock the state is unknown.'
            else format(
                '%s hours have passed; at risk from %s, breached from %s: %s.',
                v_clock.hours_open, v_hours.at_risk_hours, v_hours.contract_hours, v_state
            )
        end;
    else
        v_steps := array[
            'The ticket is not open: the source''s sla_status decides, its clock has stopped.',
            case
                when v_ticket.sla_status is null then 'sla_status is not given: unknown.'
                else format('sla_status is %L: %s.', left(v_ticket.sla_status, 64), v_state)
            end
        ];
    end if;
    return jsonb_build_object(
        'ticket_id', v_ticket.ticket_id,
        'is_open', v_ticket.is_open,
        'sla_state', v_state,
        'decided_by', case when v_ticket.is_open then 'clock' else 'sla_status' end,
        'sla_status', v_ticket.sla_status,
        'sla_clock_source', v_clock.sla_clock_source,
        'started_at', v_started_at,
        'at_risk_at',
        v_started_at + v_hours.at_risk_hours::double precision * interval '1 hour',
        'breached_at',
        v_started_at + v_hours.contract_hours::double precision * interval '1 hour',
        'closed_at', v_ticket.closed_at,
        'hours_open', case when v_ticket.is_open then v_clock.hours_open end,
        'at_risk_hours', v_hours.at_risk_hours,
        'contract_hours', v_hours.contract_hours,
        'judged_at', now(),
        'steps', to_jsonb(v_steps)
    );
end
$$;

comment on function tickets.explain_sla(text) is
'How a ticket''s SLA state came about: the state, what decided, the clock, and the steps in words.';

revoke execute on function tickets.current_settings() from public;
revoke execute on function tickets.closed_sla(text) from public;
revoke execute on function tickets.explain_sla(text) from public;
