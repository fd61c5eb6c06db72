"""Shows that a change of the code leaves trained models as they were, to the bit."""
