"""Every figure of README and docs, made from `benchmarks/results`."""
