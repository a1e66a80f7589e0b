"""The process itself, whatever it computes: no telemetry and no dumps, how a run is interrupted,
how much memory there must be, which core helper threads run on, what others named made printable.
"""
