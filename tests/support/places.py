"""Where the project and the tests' helpers lie."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
"""The project."""
SUPPORT = Path(__file__).resolve().parent
"""Helpers that tests and the processes they start import."""
