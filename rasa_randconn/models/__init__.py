"""The networks of DIET and TED."""
