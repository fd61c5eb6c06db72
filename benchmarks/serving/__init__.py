"""Measures `rasa run`: messages per second, latency, and memory."""
