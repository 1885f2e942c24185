-- Purpose: typed columns of tickets.inc, generated from raw, and the function that reads EAT times.
-- Why: raw keeps what came; a cell that is no value of its column's type is null there, no error.
-- Locks: access exclusive on tickets.inc while it is rewritten.
-- Undo: alter table tickets.inc drop column ... for each; drop the three functions.

create function tickets.eat_ts(p_text text) returns timestamptz
language plpgsql
immutable
parallel safe
as $$
begin
    if p_text is null
        or octet_length(p_text) > 64
        or p_text !~ (
            '^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])'
            '([ T]([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\.[0-9]+)?)?'
            '(Z|[+-](0[0-9]|1[0-4]):[0-5][0-9])?)?$'
        )
        or p_text like '0000%'
        or substr(p_text, 6, 5) = any ('{02-30,02-31,04-31,06-31,09-31,11-31}')
        or (
            substr(p_text, 6, 5) = '02-29'
            and not (
                left(p_text, 4)::integer % 4 = 0
                and (left(p_text, 4)::integer % 100 <> 0 or left(p_text, 4)::integer % 400 = 0)
            )
        )
    then
        return null;
    elsif substr(p_text, 11) ~ '[Z+-]' then
        return p_text::timestamptz;
    end if;
    return p_text::timestamp at time zone 'Africa/Nairobi';
end
$$;

create function tickets.to_boolean(p_text text) returns boolean
language sql
immutable
parallel safe
as $$
    select case
        when lower(p_text) in ('true', 't', 'yes', 'y', '1') then true
        when lower(p_text) in ('false', 'f', 'no', 'n', '0') then false
    end
$$;

create function tickets.to_hours(p_text text) returns numeric
language sql
immutable
parallel safe
as $$
    select case when p_text ~ '^[+-]?[0-9]{1,12}(\.[0-9]{1,12})?$' then p_text::numeric end
$$;

alter table tickets.inc
add column normalized_status text generated always as (raw ->> 'normalized_status') stored,
add column raw_status text generated always as (raw ->> 'raw_status') stored,
add column bucket text generated always as (raw ->> 'bucket') stored,
add column service_type text generated always as (raw ->> 'service_type') stored,
add column is_actionable boolean
generated always as (tickets.to_boolean(raw ->> 'is_actionable')) stored,
add column is_alarm boolean
generated always as (tickets.to_boolean(raw ->> 'is_alarm')) stored,
add column is_auto_created boolean
generated always as (tickets.to_boolean(raw ->> 'is_auto_created')) stored,
add column is_auto_closed boolean
generated always as (tickets.to_boolean(raw ->> 'is_auto_closed')) stored,
add column cluster text generated always as (raw ->> 'cluster') stored,
add column region text generated always as (raw ->> 'region') stored,
add column location_name text generated always as (raw ->> 'location_name') stored,
add column assigned_team text generated always as (raw ->> 'assigned_team') stored,
add column owner text generated always as (raw ->> 'owner') stored,
add column sla_status text generated always as (raw ->> 'sla_status') stored,
add column mttr numeric generated always as (tickets.to_hours(raw ->> 'mttr')) stored,
add column created_at_service timestamptz
generated always as (tickets.eat_ts(raw ->> 'created_at_service')) stored,
add column scheduled_at timestamptz
generated always as (tickets.eat_ts(raw ->> 'scheduled_at')) stored,
add column closed_at timestamptz
generated always as (tickets.eat_ts(raw ->> 'closed_at')) stored,
add column first_seen_at timestamptz
generated always as (tickets.eat_ts(raw ->> 'first_seen_at')) stored,
add column last_seen_at timestamptz
generated always as (tickets.eat_ts(raw ->> 'last_seen_at')) stored,
add column source_created_at timestamptz
generated always as (tickets.eat_ts(raw ->> 'source_created_at')) stored,
add column source_updated_at timestamptz
generated always as (tickets.eat_ts(raw ->> 'source_updated_at')) stored;

revoke execute on function tickets.eat_ts(text) from public;
revoke execute on function tickets.to_boolean(text) from public;
revoke execute on function tickets.to_hours(text) from public;
