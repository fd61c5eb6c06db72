"""The package uses the field's words, and none of its own for the same thing."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import rasa_randconn

PACKAGE = Path(rasa_randconn.__file__).parent

#: Words that were used here once, with those of the field.
FIELDS_WORDS = {
    r"\bdifferentiat\w*": "autodiff, backward",
    r"\b(way|ways|go)_back\b": "backward",
    r"\bdraws? (the |its |their )?connections|connections (are|is) drawn": "sample",
    r"\bSparseRows\b|\bborders\b": "CSR: indptr, indices, data",
    r"\btag_sequences\b": "crf",
    r"\bside_by_side\b": "concatenate",
    r"\blook_up\b": "embedding",
    r"\badd_rows\b": "scatter_add",
    r"\badd_update\b": "add_residual",
    r"\bplace_tokens\b": "add_positional_encoding",
    r"\bPackedProduct\b|\bmultiplied\b": "to_blocks, from_blocks",
    r"\bLayerKernel\b": "Kernel",
    r"\b[Ss]labs?\b": "workspace",
    r"\bsettle[sd]?\b": "flush",
    r"\b[Oo]rders\b": "request",
    r"\bwants_\w+": "return_attention",
    r"[Gg]radients? by\b": "gradient with respect to",
    r": Gets (the|every)": "Output:",
}


@pytest.mark.parametrize("word", FIELDS_WORDS)
def test_the_package_has_no_word_of_its_own(word):
    found = [
        f"{path.relative_to(PACKAGE)}:{number}: {line.strip()}"
        for path in sorted(PACKAGE.rglob("*.py"))
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if re.search(word, line)
    ]
    assert not found, f"the field says {FIELDS_WORDS[word]}"
