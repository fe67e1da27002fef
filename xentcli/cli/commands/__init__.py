"""One file a command. Each has a `COMMAND`, and `xentcli.cli.names` lists where it is."""
