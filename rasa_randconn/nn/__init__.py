"""The parts that the networks of DIET and TED are made of."""
