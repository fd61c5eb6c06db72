"""Measures layers, encoder and training steps: `python -m benchmarks.speed`."""
