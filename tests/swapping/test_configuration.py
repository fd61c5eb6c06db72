"""Only the lines concerned change, however a configuration is written."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest
from configurations import SARA_LIKE
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from rasa_randconn.options import OPTIONS, OWN_OPTIONS
from rasa_randconn.swapping import SwapError, Target, swap
from rasa_randconn.swapping.components import STOCK_DENSITIES

ROOT = Path(__file__).parents[2]


def to_ours(text):
    return swap(text, Target.RANDCONN).text


def to_stock(text):
    return swap(text, Target.STOCK).text


def values(text):
    return YAML(typ="safe", pure=True).load(text)


def ours(components):
    """A configuration with these components of ours, in YAML."""
    return f"recipe: default.v1\npipeline:\n{textwrap.dedent(components)}"


def test_names_change_and_nothing_else():
    expected = SARA_LIKE.replace(
        "rasa.core.policies.unexpected_intent_policy.UnexpecTEDIntentPolicy",
        "UnexpecTEDIntentPolicy",
    )
    for name in STOCK_DENSITIES:
        expected = expected.replace(name, f"rasa_randconn.RandConn{name}")

    result = swap(SARA_LIKE, Target.RANDCONN)

    assert result.text == expected
    assert [component.line for component in result.components] == [
        9,
        11,
        14,
        20,
        24,
        25,
    ]
    assert to_stock(expected) == SARA_LIKE.replace(
        "rasa.core.policies.unexpected_intent_policy.", ""
    )


def test_the_example_bot_is_swapped_to_its_own_configuration():
    stock = (ROOT / "example_bot" / "config.stock.yml").read_text()
    our = (ROOT / "example_bot" / "config.yml").read_text()
    assert to_ours(stock) == our
    assert to_stock(our) == stock


def test_names_without_module_are_known_but_not_changed_to_others_of_ours():
    text = ours("- name: RandConnDIETClassifier\n")
    result = swap(text, Target.RANDCONN)
    assert (result.text, result.components, result.has_target) == (text, [], True)
    assert to_stock(text) == ours("- name: DIETClassifier\n")


@pytest.mark.parametrize("target", Target)
@pytest.mark.parametrize(
    "text",
    ["pipeline: []\n", "language: en\n", ours("- name: KeywordIntentClassifier")],
)
def test_without_such_components_nothing_is_swapped(text, target):
    result = swap(text, target)
    assert result.text == text
    assert not result.components
    assert not result.has_target


@pytest.mark.parametrize(
    ("text", "unset"),
    [
        ("language: en\n", ["pipeline", "policies"]),
        ("pipeline:\npolicies: []\n", ["pipeline"]),
        ("pipeline: ~\npolicies:\n- name: TEDPolicy\n", ["pipeline"]),
        ("pipeline: []\n", ["policies"]),
    ],
)
def test_sections_that_are_left_to_rasa_are_found(text, unset):
    assert swap(text, Target.RANDCONN).unset_sections == unset


# Each has: a component of ours, and what stock's looks like.
REMOVALS = {
    "lines with comments": (
        """\
        - name: rasa_randconn.RandConnDIETClassifier
          # above
          connection_pattern: grouped  # beside
          # below
          epochs: 5
        """,
        """\
        - name: DIETClassifier
          # above
          # below
          epochs: 5
        """,
    ),
    "all options of ours": (
        """\
        - name: rasa_randconn.RandConnDIETClassifier
          connection_pattern: grouped
          "averaged_epochs" : 0
          epochs: 5
          save_half_precision:
            true
          save_optimizer_state: no
        - name: Other
          connection_pattern: mine
        """,
        """\
        - name: DIETClassifier
          epochs: 5
        - name: Other
          connection_pattern: mine
        """,
    ),
    "a mapping of densities": (
        """\
        - name: rasa_randconn.RandConnDIETClassifier
          connection_density:  # by kind
            attention: 0.1

            # the largest
            feed_forward: 0.2  # or less

          # when to stop
          epochs: 5
        """,
        """\
        - name: DIETClassifier

          # when to stop
          epochs: 5
        """,
    ),
    "a mapping of densities in flow style": (
        """\
        - name: rasa_randconn.RandConnDIETClassifier
          connection_density: {attention: 0.1,
                               embedding: 1}  # done
          epochs: 5
        """,
        """\
        - name: DIETClassifier
          epochs: 5
        """,
    ),
    "a density": (
        """\
        - name: rasa_randconn.RandConnDIETClassifier
          connection_density: 0.1
        """,
        """\
        - name: DIETClassifier
          connection_density: 0.1
        """,
    ),
    "a first key": (
        """\
        - connection_pattern: grouped
          averaged_epochs: 0
          name: rasa_randconn.RandConnDIETClassifier
        """,
        """\
        - name: DIETClassifier
        """,
    ),
    "a first key with a comment": (
        """\
        - connection_pattern: grouped # best
          # the classifier
          name: rasa_randconn.RandConnDIETClassifier
        """,
        """\
        -  # best
          # the classifier
          name: DIETClassifier
        """,
    ),
    "first, inner and last keys in flow style": (
        """\
        - {averaged_epochs: 0, name: rasa_randconn.RandConnDIETClassifier, epochs: 5}
        - {name: rasa_randconn.RandConnDIETClassifier, averaged_epochs: 0, epochs: 5}
        - {name: rasa_randconn.RandConnDIETClassifier, epochs: 5, averaged_epochs: 0}
        - { name: rasa_randconn.RandConnDIETClassifier,
            averaged_epochs: 0,  # last
            connection_density: {attention: 1},
            epochs: 5,
            connection_pattern: grouped,
            save_half_precision: true, }
        """,
        """\
        - {name: DIETClassifier, epochs: 5}
        - {name: DIETClassifier, epochs: 5}
        - {name: DIETClassifier, epochs: 5}
        - { name: DIETClassifier,
            epochs: 5, }
        """,
    ),
    "an alias of a component": (
        """\
        - &diet
          name: rasa_randconn.RandConnDIETClassifier
          averaged_epochs: 0
        - *diet
        """,
        """\
        - &diet
          name: DIETClassifier
        - *diet
        """,
    ),
    "a merged component": (
        """\
        - &selector
          name: rasa_randconn.RandConnResponseSelector
          averaged_epochs: 0
          epochs: 5
        - <<: *selector
          retrieval_intent: faq
          connection_pattern: grouped
        - {<<: [*selector], epochs: 6, averaged_epochs: 0.5}
        """,
        """\
        - &selector
          name: ResponseSelector
          epochs: 5
        - <<: *selector
          retrieval_intent: faq
        - {<<: [*selector], epochs: 6}
        """,
    ),
    "an anchor on a name": (
        """\
        - name: &diet !!str "rasa_randconn.RandConnDIETClassifier"
        - name: *diet
          epochs: 5
        """,
        """\
        - name: &diet !!str "DIETClassifier"
        - name: *diet
          epochs: 5
        """,
    ),
    "aliases as values": (
        """\
        - name: rasa_randconn.RandConnResponseSelector
          connection_density: &densities
            attention: 0.5
        - name: rasa_randconn.RandConnDIETClassifier
          connection_density: *densities  # the same
          epochs: &epochs 5
        - {name: rasa_randconn.RandConnDIETClassifier, connection_density: *densities}
        - name: rasa_randconn.RandConnDIETClassifier
          connection_density:
            attention: 0.5
            embedding: *epochs
          epochs: *epochs
        """,
        """\
        - name: ResponseSelector
        - name: DIETClassifier
          epochs: &epochs 5
        - {name: DIETClassifier}
        - name: DIETClassifier
          epochs: *epochs
        """,
    ),
    "a component that merges itself": (
        """\
        - &diet
          name: rasa_randconn.RandConnDIETClassifier
          averaged_epochs: 0
          <<: *diet
        """,
        """\
        - &diet
          name: DIETClassifier
          <<: *diet
        """,
    ),
    "a key that is a list": (
        """\
        - name: rasa_randconn.RandConnDIETClassifier
          [a, b]: 1
          averaged_epochs: 0
        """,
        """\
        - name: DIETClassifier
          [a, b]: 1
        """,
    ),
    "a folded name": (
        """\
        - name: >-
            rasa_randconn.RandConnDIETClassifier
        """,
        """\
        - name: >-
            DIETClassifier
        """,
    ),
}


@pytest.mark.parametrize("ending", ["\n", "\r\n"], ids=["LF", "CRLF"])
@pytest.mark.parametrize("has_last", [True, False], ids=["last", "no last"])
@pytest.mark.parametrize("case", REMOVALS)
def test_options_of_ours_are_removed_with_their_lines(case, ending, has_last):
    texts = [ours(part).replace("\n", ending) for part in REMOVALS[case]]
    if not has_last:
        texts = [text[: -len(ending)] for text in texts]
    before, after = texts
    assert to_stock(before) == after


def test_the_sparsity_that_stock_ignores_goes_where_ours_would_refuse_it():
    both = "connection_density: 0.3\n  weight_sparsity: 0.5\n  epochs: 5\n"
    text = ours("- name: TEDPolicy\n  " + both)
    assert to_ours(text) == ours(
        "- name: rasa_randconn.RandConnTEDPolicy\n"
        "  connection_density: 0.3\n  epochs: 5\n"
    )


@pytest.mark.parametrize(
    "text",
    [
        # The definition of an anchor would go, its use stay.
        """\
        - name: rasa_randconn.RandConnDIETClassifier
          averaged_epochs: &fraction 0.5
        - name: FallbackClassifier
          threshold: *fraction
        """,
        # Another component would lose an option.
        """\
        - name: rasa_randconn.RandConnDIETClassifier
          <<: &options {averaged_epochs: 0, epochs: 5}
        - name: my.Classifier
          <<: *options
        """,
        # Another value would change.
        """\
        - name: &name rasa_randconn.RandConnDIETClassifier
        - name: my.Extractor
          of: *name
        """,
    ],
)
def test_what_anchors_tie_to_something_else_is_refused(text):
    with pytest.raises(SwapError, match="anchor"):
        to_stock(ours(text))


@pytest.mark.parametrize(
    ("text", "message", "line"),
    [
        ("a: 1\nb: [\n", "not valid YAML: expected the node content", 3),
        ("a: 1\nb: 2\na: 3\n", "not valid YAML: found duplicate key", 3),
        ("a: 1\nb: *c\n", "not valid YAML: found undefined alias", 2),
        ("a: 1\nb: !c 2\n", "could not determine a constructor for the tag", 2),
        ("a: 1\n---\nb: 2\n", "not valid YAML", 2),
        ("a: 1\r\nb: 2\r\nc: \x01\n", "not valid YAML: '\\x01' is not allowed", 3),
        ("", "not a configuration of Rasa", None),
        ("just text", "not a configuration of Rasa", None),
        ("- name: DIETClassifier\n", "not a configuration of Rasa", None),
        ("version: '3.1'\nnlu: []\n", "not a configuration of Rasa", None),
        ("recipe: graph.v1\n", "the recipe is 'graph.v1'", None),
        ("language: en\npipeline: supervised\n", "'pipeline' must be a list", 2),
        ("pipeline:\n- name: A\n- B\n", "every entry of 'pipeline'", 3),
        ("policies:\n- epochs: 3\n", "every entry of 'policies'", 2),
        ("policies:\n- name: [TEDPolicy]\n", "every entry of 'policies'", 2),
        ('pipeline:\n- name: "DIET\\x43lassifier"\n', "escapes; write it plainly", 2),
    ],
)
def test_other_files_are_refused(text, message, line):
    with pytest.raises(SwapError) as error:
        to_ours(text)
    assert message in str(error.value)
    assert error.value.line == line


@st.composite
def configurations(draw, name_of, options):
    """Texts of configurations, with components in all styles."""
    indent = draw(st.sampled_from(["", "  ", "    "]))
    lines = ["recipe: default.v1", ""]
    for section in draw(st.permutations(["pipeline", "policies"])):
        lines.append(f"{section}:{draw(comments)}")
        known = st.sampled_from([*STOCK_DENSITIES, "Other"])
        names = draw(st.lists(known, min_size=1, max_size=4))
        for name in names:
            chosen = draw(st.lists(st.sampled_from(options), unique=True))
            pairs = [f"{key}: {value}" for key, value in chosen]
            quote = draw(st.sampled_from(["", "'", '"']))
            place = draw(st.integers(0, len(pairs)))
            named = name if name == "Other" else name_of(name)
            pairs.insert(place, f"name: {quote}{named}{quote}")
            lines += draw(components(indent, pairs))
    ending = draw(st.sampled_from(["\n", "\r\n"]))
    start = draw(st.sampled_from(["", "\ufeff", "# ü\n"]))
    end = draw(st.sampled_from(["", ending, ending * 3]))
    return start + ending.join(lines) + end


comments = st.sampled_from(["", "", "  # ünicode: [", "   "])


@st.composite
def components(draw, indent, pairs):
    if draw(st.booleans()):
        separator = draw(st.sampled_from([", ", " ,", f",\n{indent}   "]))
        text = f"{indent}- {{{separator.join(pairs)}}}{draw(comments)}"
        return text.split("\n")
    width = draw(st.sampled_from(["  ", "    "]))
    if draw(st.booleans()):
        lines = [f"{indent}-{draw(comments)}"]
    else:
        lines = [f"{indent}-{width[1:]}{pairs.pop(0)}{draw(comments)}"]
    for pair in pairs:
        lines += draw(st.sampled_from([[], [""], [f"{indent}{width}# above"]]))
        lines.append(f"{indent}{width}{pair}{draw(comments)}")
    return lines


STOCK_OPTIONS = [
    ("epochs", "5"),
    ("connection_density", "0.5"),
    ("note", '"a # b: TEDPolicy, ünicode"'),
    ("hidden_layers_sizes", "{text: [4, 2]}"),
]
ALL_OPTIONS = [
    *STOCK_OPTIONS[:1],
    *((option.name, str(option.default).lower()) for option in OWN_OPTIONS),
    ("connection_density", "{attention: 0.5, embedding: 1}"),
]


def our_name(stock):
    return f"rasa_randconn.RandConn{stock}"


@settings(deadline=None, max_examples=50, derandomize=True)
@given(configurations(str, STOCK_OPTIONS))
def test_there_and_back_gives_the_same_text(text):
    there = to_ours(text)
    assert to_stock(there) == text
    assert to_ours(there) == there
    # Nothing but names changes, and all of them.
    assert there.replace("rasa_randconn.RandConn", "") == text
    named = [entry["name"] for part in sections(values(there)) for entry in part]
    assert not set(named) & set(STOCK_DENSITIES)


@settings(deadline=None, max_examples=50, derandomize=True)
@given(configurations(our_name, ALL_OPTIONS))
def test_stock_gets_everything_but_options_of_ours(text):
    after = to_stock(text)
    expected = values(text)
    for part in sections(expected):
        for entry in part:
            if entry["name"] == "Other":
                continue
            entry["name"] = entry["name"].replace("rasa_randconn.RandConn", "")
            for option in OPTIONS:
                entry.pop(option.name, None)
    assert values(after) == expected
    assert after.count("# above") == text.count("# above")
    assert after.endswith("\n") == text.endswith("\n")
    assert ("\r\n" in after) == ("\r\n" in text)


def sections(config):
    return [config["pipeline"], config["policies"]]
