"""What people type, one file for each kind of command. Everything heavy is imported in the
commands, so that help comes at once."""
