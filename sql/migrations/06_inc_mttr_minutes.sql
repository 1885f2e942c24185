-- Purpose: mttr in whole minutes; three flags that nobody reads are dropped.
-- Why: the feed gives decimal hours; minutes add up without rounding twice. raw keeps the flags.
-- Locks: access exclusive on tickets.inc while it is rewritten.
-- Undo: drop column mttr and add it, is_alarm, is_auto_created, is_auto_closed as in 03.

-- squawk-ignore-file ban-drop-column, ban-drop-function

alter table tickets.inc
drop column mttr,
drop column is_alarm,
drop column is_auto_created,
drop column is_auto_closed;

drop function tickets.to_hours(text);

create function tickets.to_minutes(p_text text) returns integer
language sql
immutable
parallel safe
as $$
    select case
        when p_text ~ '^[+-]?[0-9]{1,12}(\.[0-9]{1,12})?$'
            and round(p_text::numeric * 60) between -2147483648 and 2147483647
            then round(p_text::numeric * 60)::integer
    end
$$;

alter table tickets.inc
add column mttr integer generated always as (tickets.to_minutes(raw ->> 'mttr')) stored;

revoke execute on function tickets.to_minutes(text) from public;
