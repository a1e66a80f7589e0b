"""The way of a frame as one object, ``Anonymizer``: ``Frame`` in, ``SafeFrame`` out; and what is
laid on safe pictures only: hair, another background, other people tried on, the standby card."""
