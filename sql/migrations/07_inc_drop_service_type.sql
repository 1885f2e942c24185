-- Purpose: drop the column service_type.
-- Why: it says the same for every INC ticket; raw keeps it.
-- Locks: access exclusive on tickets.inc, for a moment.
-- Undo: add the column as in 03.

-- squawk-ignore-file ban-drop-column

alter table tickets.inc drop column service_type;
