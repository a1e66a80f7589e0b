"""The shipped networks and tables: checked by hash before they are read, fetched where a package
could not bring them."""
