"""Finetuning beside a full training: `python -m benchmarks.finetuning --help`."""
