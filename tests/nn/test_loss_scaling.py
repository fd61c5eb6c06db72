from __future__ import annotations

import numpy as np

from rasa_randconn.nn.loss_scaling import scaling_factors


def test_factors_fall_from_a_likelihood_of_a_half_on():
    found = scaling_factors(np.log([0.5, 0.75, 1.0]))
    np.testing.assert_allclose(found, [1, 0.5**4, 0], atol=1e-12)


def test_as_long_as_no_example_is_learnt_all_factors_are_one():
    assert (scaling_factors(np.log([0.1, 0.4, 0.5])) == 1).all()
    assert scaling_factors(np.zeros(0)).shape == (0,)
