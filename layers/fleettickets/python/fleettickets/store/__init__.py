"""PostgreSQL access: each statement stands directly above the function that runs it."""
