"""The steps that check the built package; `scripts/check_wheel.py` runs them."""
