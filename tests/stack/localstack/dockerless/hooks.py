"""What LocalStack runs when it starts."""

# pyright: reportMissingImports=false, reportUntypedFunctionDecorator=false

from localstack.runtime import hooks


@hooks.on_infra_start()
def close_gaps() -> None:
    """Make this LocalStack behave like AWS where our template needs it."""
    # Slow to import, and of no use to the processes that only list plugins.
    from . import alarms, logs, mappings, ordering, queues, rules, scheduler  # noqa: PLC0415

    ordering.keep_events_in_order()
    ordering.mend_events()
    queues.keep_moved_messages()
    rules.update_rules()
    mappings.poll_eagerly()
    logs.apply_filter_patterns()
    logs.keep_retention()
    logs.honour_log_groups()
    scheduler.start_scheduler()
    alarms.judge_alarms()
