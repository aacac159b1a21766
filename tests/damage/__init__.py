"""Damage the book of rules in one place at a time, and see the suite notice: `python tests/mutants.py --help`."""
