"""Benchmarks: `make bench`, and configurations of comparisons."""
