"""What to type instead, after a command that was typed wrong."""

# typer has click inside of it, and exports only some of its names.
from typer._click.core import Command, Context, Parameter
from typer._click.exceptions import NoArgsIsHelpError, UsageError
from typer.core import TyperGroup

WrongUsage = UsageError
HelpWanted = NoArgsIsHelpError
"""No mistake: a group of commands was typed alone, and shows its help."""

_EXAMPLES = "For example:"


def advice_for(error: WrongUsage, group: Context) -> str:
    """Return the error as one line, with an example from the command's help.

    `group` is where the command belongs to: an error of parsing may not know its command.
    """
    command, path = _typed_command(error.ctx or group)
    message = error.format_message()
    ended = message if message.endswith((".", "?")) else f"{message}."
    example = _example(command.help or "", getattr(error, "param", None))
    shown = f" For example: {example}" if example else ""
    return f"{ended}{shown} (`{path} --help` says more)"


def _typed_command(context: Context) -> tuple[Command, str]:
    """Return the innermost command that is known to have been typed, and how it is called."""
    command, name = context.command, context.invoked_subcommand
    inner = command.get_command(context, name) if name and isinstance(command, TyperGroup) else None
    return (inner, f"{context.command_path} {name}") if inner else (command, context.command_path)


def _example(text: str, parameter: Parameter | None) -> str:
    """Return the help's first example that has the `parameter`, or its first."""
    lines = [line.strip() for line in text.partition(_EXAMPLES)[2].splitlines() if line.strip()]
    wanted = set(parameter.opts if parameter else ())
    fitting = (line for line in lines if wanted.intersection(line.split()))
    return next(fitting, lines[0] if lines else "")
