"""The names of the commands and their modules, each imported when it is first asked for."""

COMMANDS = (
    "softmax",
    "log-softmax",
    "one-hot",
    "nll",
    "loss",
    "explain",
    "eval",
    "compare",
    "calibrate",
    "merge",
    "info",
    "completion",
    "help",
)
_HOMES = {name: f"xentcli.cli.commands.{name.replace('-', '_')}" for name in COMMANDS}


def command_names() -> list[str]:
    """Return the names of all commands, in the order of the help page."""
    return list(_HOMES)


def home_of(name: str) -> str | None:
    """Return the module with the `COMMAND` of this name, or None if there is no such command.

    Examples
    --------
    >>> home_of("log-softmax")
    'xentcli.cli.commands.log_softmax'
    """
    return _HOMES.get(name)


def is_added(name: str) -> bool:
    """Whether a command was added to those of this package, or in place of one of them."""
    return name in _HOMES and not _HOMES[name].startswith("xentcli.")


def register(name: str, module: str) -> None:
    """Add a command: `module` is imported when it is first asked for, and has a `COMMAND`.

    Raises
    ------
    ValueError
        If the name could not be typed as a command.
    """
    if not isinstance(name, str) or name.startswith("-") or name.split() != [name]:
        raise ValueError(f"a command has a name of one word, not {name!r}")
    _HOMES[name] = module


def forget(name: str) -> None:
    """Remove a command that was added."""
    del _HOMES[name]
