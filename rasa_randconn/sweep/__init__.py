"""Trains and tests a configuration at many densities and sizes, here or on a cluster.

Needs the extra `sweep`.
"""
