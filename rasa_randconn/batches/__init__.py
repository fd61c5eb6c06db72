"""Batches: what a network reads, and what makes them of Rasa's data."""
