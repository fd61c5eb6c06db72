from __future__ import annotations

import tarfile

import pytest
from rasa.nlu.classifiers.diet_classifier import DIETClassifier

from rasa_randconn.comparison import evaluation_worker, neural, train_worker


def test_resource_sizes_are_those_inside_the_archive(tmp_path):
    components = tmp_path / "components"
    for name, size in (("train_A1/x", 10), ("train_A1/sub/y", 5), ("train_B2/x", 7)):
        path = components / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"0" * size)
    (tmp_path / "metadata.json").write_text("{}")
    with tarfile.open(str(tmp_path / "model.tar.gz"), "w:gz") as archive:
        for name in ("components", "metadata.json"):
            archive.add(str(tmp_path / name), arcname=name)

    sizes = train_worker._resource_sizes(tmp_path / "model.tar.gz")

    assert sizes == {"train_A1": 15, "train_B2": 7}


def component(cls, **config):
    return neural.NeuralComponent(
        cls.__name__, cls, neural.family(cls), "pipeline.0", "train_x0", config
    )


class Own(DIETClassifier):
    pass


@pytest.mark.parametrize(
    ("by_extractor", "components", "expected"),
    [
        ({"DIETClassifier": 0.5, "RegexEntityExtractor": 0.1}, [DIETClassifier], 0.5),
        ({"Own": 0.5, "DIETClassifier": 0.4}, [Own], 0.5),
        ({"DIETClassifier": 0.5}, [Own], 0.0),
        ({"RegexEntityExtractor": 0.1}, [Own], 0.0),
        ({"CRFEntityExtractor": 0.3, "RegexEntityExtractor": 0.1}, [], 0.3),
        ({"RegexEntityExtractor": 0.1}, [], 0.1),
        ({"RegexEntityExtractor": 0.1, "Other": 0.2}, [], None),
        ({}, [], None),
    ],
)
def test_entity_f1_is_that_of_the_trained_extractor(by_extractor, components, expected):
    found = evaluation_worker._entity_f1(
        by_extractor, [component(c) for c in components]
    )

    assert found == expected


@pytest.mark.parametrize(
    "predicted, expected", [(["faq/a", None], 0.5), ([None, None], None), ([], None)]
)
def test_there_is_no_response_f1_where_nothing_selects_responses(predicted, expected):
    evaluation = {
        "predictions": [{"intent_response_key_prediction": key} for key in predicted],
        "report": {"weighted avg": {"f1-score": 0.5}},
    }
    assert evaluation_worker._response_f1(evaluation) == expected
    assert evaluation_worker._response_f1(None) is None


def test_entity_f1_ignores_components_that_extract_nothing():
    diet = component(DIETClassifier, entity_recognition=False)

    assert evaluation_worker._entity_f1({"CRFEntityExtractor": 0.3}, [diet]) == 0.3
