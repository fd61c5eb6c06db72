"""Measures how the time of an epoch and the memory grow with the training data."""
