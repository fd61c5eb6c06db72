"""How long the kernels take to compile: `python -m benchmarks.warmup --help`."""
