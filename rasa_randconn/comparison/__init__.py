"""Measures Rasa configurations against each other, and reads models' layers.

Nothing in this package but the two workers imports Rasa or TensorFlow when it is
imported: a comparison trains and tests in processes of its own.
"""
