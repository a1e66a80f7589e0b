"""The live path: worker process, shared-memory ring, sender, control socket, session."""
