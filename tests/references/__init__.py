"""Plain NumPy counterparts of the compiled kernels, a module for each of theirs."""
