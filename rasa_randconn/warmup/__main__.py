"""Compiles all kernels in this process (see `compile_in_background`)."""

from rasa_randconn.warmup.warming_up import warm_up

if __name__ == "__main__":
    warm_up()
