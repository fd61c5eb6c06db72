"""Trains and tests a configuration at many densities and sizes, here or on a cluster.

Needs the extra `sweep`. `command` says what the user can ask for; it imports the other
modules only when a sweep runs.
"""
