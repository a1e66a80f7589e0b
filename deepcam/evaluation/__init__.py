"""Measures what the camera promises: attacks, utility, stability, realism. Not used while it runs.

The metrics have the numbers of ``docs/evaluation-method.md``: P1 .. P9, U1 .. U4, T1 .. T4, Q1, Q4.
"""
