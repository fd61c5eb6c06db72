from __future__ import annotations

from rasa_randconn.sweep.cells import STOCK_PATTERN, Cell, grid


def test_a_grid_has_every_combination_once_and_seed_after_seed():
    cells = grid([0.1, 1], [16, 32], ["grouped", "unstructured"], [1, 2])

    assert len({cell.name for cell in cells}) == len(cells) == 16
    assert [cell.seed for cell in cells] == [1] * 8 + [2] * 8


def test_densities_that_print_alike_have_names_of_their_own():
    densities = (0.1234567, 0.12345671)
    first, second = (Cell(density, 8, "grouped", 1) for density in densities)

    assert first.title == second.title
    assert first.name != second.name


def test_stock_components_are_given_no_pattern():
    options = {"connection_density": 0.1, "transformer_size": 8}

    assert Cell(0.1, 8, STOCK_PATTERN, 1).options == options
    assert Cell(0.1, 8, "unstructured", 1).options == {
        **options,
        "connection_pattern": "unstructured",
    }
