"""Frozen values: what crosses a line between two parts is one of these."""
