"""What the article claims, beside what the sweeps gave."""

from __future__ import annotations

import re
from typing import List

from benchmarks.figures import sweeps
from benchmarks.figures.texts import table

_CLAIMS = (
    (
        "intents on Sara: density 1% reaches with 5,000 weights what dense "
        "layers reach with 400,000",
        "size 128, seeds 1 to 5: `grouped` {sara intent_f1 0.01:128:grouped "
        "weights} weights, {sara intent_f1 0.01:128:grouped mean}; dense "
        "{sara intent_f1 1.0:128:grouped weights}, {sara intent_f1 "
        "1.0:128:grouped mean}; difference {sara intent_f1 0.01:128:grouped "
        "less 1.0:128:grouped}. `unstructured`, seeds 1 2 3: {sara "
        "intent_f1 0.01:128:unstructured weights} weights, {sara intent_f1 "
        "0.01:128:unstructured mean}; difference {sara intent_f1 "
        "0.01:128:unstructured less 1.0:128:grouped}",
        "holds",
    ),
    (
        "the same F1 at 20%, intents",
        "size 256: `grouped` {sara intent_f1 0.2:256:grouped mean}, "
        "`unstructured` {sara intent_f1 0.2:256:unstructured mean}, dense "
        "{sara intent_f1 1.0:256:grouped mean}; differences {sara intent_f1 "
        "0.2:256:grouped less 1.0:256:grouped} and {sara intent_f1 "
        "0.2:256:unstructured less 1.0:256:grouped}",
        "holds, within the interval",
    ),
    (
        "entities on Sara: 20% is on par with dense",
        "size 256: `grouped` {sara entity_f1 0.2:256:grouped mean}, "
        "`unstructured` {sara entity_f1 0.2:256:unstructured mean}, dense "
        "{sara entity_f1 1.0:256:grouped mean}; differences {sara entity_f1 "
        "0.2:256:grouped less 1.0:256:grouped} and {sara entity_f1 "
        "0.2:256:unstructured less 1.0:256:grouped}",
        "holds, within the interval",
    ),
    (
        "entities on Sara: 1% drops",
        "size 256: `grouped` {sara entity_f1 0.01:256:grouped mean}, "
        "`unstructured` {sara entity_f1 0.01:256:unstructured mean}, dense "
        "{sara entity_f1 1.0:256:grouped mean}; differences {sara entity_f1 "
        "0.01:256:grouped less 1.0:256:grouped} and {sara entity_f1 "
        "0.01:256:unstructured less 1.0:256:grouped}. Size 128, `grouped`, "
        "seeds 1 to 5: {sara entity_f1 0.01:128:grouped less "
        "1.0:128:grouped}",
        "the means drop by one to two points, within the interval",
    ),
    (
        "it saves no time",
        "[performance](performance.md)",
        "it does here",
    ),
    (
        "actions on the workshop data: dense is best at 21,000 weights",
        "seeds 1 2 3: size 32, {workshop action_f1 1.0:32:grouped weights "
        "seeds 1 2 3} weights, {workshop action_f1 1.0:32:grouped mean "
        "seeds 1 2 3}; sizes 64, 128 and 256 less that: {workshop action_f1 "
        "1.0:64:grouped less 1.0:32:grouped}, {workshop action_f1 "
        "1.0:128:grouped less 1.0:32:grouped}, {workshop action_f1 "
        "1.0:256:grouped less 1.0:32:grouped}",
        "holds, within the interval: more dense weights bring nothing",
    ),
    (
        "and 20% is as good with 5,000",
        "size 32, seeds 1 to 5: {workshop action_f1 0.2:32:grouped weights} "
        "weights, {workshop action_f1 0.2:32:grouped mean}; difference "
        "{workshop action_f1 0.2:32:grouped less 1.0:32:grouped}. Size 64: "
        "{workshop action_f1 0.2:64:grouped weights} weights, {workshop "
        "action_f1 0.2:64:grouped mean}, difference {workshop action_f1 "
        "0.2:64:grouped less 1.0:64:grouped}; size 128, the default: "
        "{workshop action_f1 0.2:128:grouped weights}, {workshop action_f1 "
        "0.2:128:grouped mean}, {workshop action_f1 0.2:128:grouped less "
        "1.0:128:grouped} (seeds 1 2 3)",
        "not after 100 epochs, [but after "
        "200](#actions-on-the-workshop-data), within the interval; with "
        "12,612 weights it holds, within the interval",
    ),
)
"""Claim, figures of ours with their sources in braces, and verdict."""

_SOURCE = re.compile(r"{([^}]+)}")


def claims_table() -> List[str]:
    """Makes the table of claims."""
    rows = [
        [claim, _SOURCE.sub(lambda found: _figure(found[1]), ours), verdict]
        for claim, ours, verdict in _CLAIMS
    ]
    return table(["what the article says", "here", ""], rows, left=3)


def _figure(source: str) -> str:
    return sweeps.figure(*source.split())
