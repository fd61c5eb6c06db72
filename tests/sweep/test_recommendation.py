from __future__ import annotations

import pytest
from pretended import pretended_run

from rasa_randconn.sweep import recommendation, table
from rasa_randconn.sweep.cells import grid

#: Mean intent F1 by setting; every seed differs from it by 0.01.
MEANS = {(1.0, 64): 0.90, (0.5, 64): 0.89, (0.5, 16): 0.88, (0.1, 16): 0.70}


def texts(seeds, means=MEANS, **scores):
    cells = grid([0.1, 0.5, 1.0], [16, 64], ["grouped"], seeds)
    runs = [
        pretended_run(
            cell, means[cell.density, cell.size] + 0.01 * (cell.seed - 2), **scores
        )
        for cell in cells
        if (cell.density, cell.size) in means
    ]
    frame = table.tabulate(runs)
    return recommendation.write_text(frame, table.summarize(frame))


def test_the_fewest_weights_within_the_interval_of_the_best_are_recommended():
    text = texts([1, 2, 3])

    assert "The best mean is 0.900 (95% interval 0.875 to 0.925, 3 seeds)" in text
    assert "fewest weights is **density 0.5, size 16, grouped**: 0.880" in text
    assert "128 weights in randomly connected layers, training 10.0 s" in text
    assert "a message 1.00 ms (p99 2.00 ms)" in text
    assert "one call of DIETClassifier 0.50 ms (p99 0.90 ms)" in text


def test_the_best_is_recommended_where_nothing_smaller_is_near():
    text = texts([1, 2, 3], {(1.0, 64): 0.9, (0.1, 16): 0.7})

    assert "No setting with fewer weights has a mean within this interval" in text
    assert "It costs, in the median: 4,096 weights" in text


@pytest.mark.parametrize(("seeds", "words"), [([2], "1 seed."), ([1, 3], "2 seeds.")])
def test_too_few_seeds_give_no_recommendation(seeds, words):
    text = texts(seeds)

    assert (
        "The highest mean is 0.900, with density 1, size 64, grouped, " + words in text
    )
    assert "nothing can be said about smaller settings" in text
    assert "fewest weights" not in text


def test_a_setting_must_be_near_the_best_in_every_score():
    text = texts([1, 2, 3], entity_f1=0.5)

    # entities are equal everywhere, so the smallest setting would do for them
    assert "**Entity F1:** The best mean is 0.500" in text
    together = text[text.index("**Together:**") :]
    assert "**density 0.5, size 16, grouped**" in together


def test_settings_with_fewer_seeds_are_left_out_and_named():
    cells = grid([0.5, 1.0], [16], ["grouped"], [1, 2, 3])[:-1]
    frame = table.tabulate([pretended_run(cell, 0.9) for cell in cells])

    text = recommendation.write_text(frame, table.summarize(frame))

    assert "Left out, for fewer than 3 seeds, are: density 1, size 16, grouped." in text
    assert "with density 0.5, size 16, grouped" in text
