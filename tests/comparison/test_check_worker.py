"""What is wrong is found before anything is trained, and said in a line each."""

from __future__ import annotations

import zlib

import pytest
from data_factory import NLU, STORIES

from rasa_randconn.comparison import check_worker
from rasa_randconn.comparison.worker import CheckRequest


@pytest.fixture
def faults(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "nlu.yml").write_text(NLU)
    (tmp_path / "stories.yml").write_text(STORIES)

    def check(
        *entries,
        test_nlu="nlu.yml",
        test_stories="stories.yml",
        epochs=None,
        options=None,
    ):
        lines = [f"- {entry}" for entry in entries]
        text = "\n".join(["pipeline:", "- name: WhitespaceTokenizer", *lines])
        (tmp_path / "config.yml").write_text(f"{text}\npolicies: [{{name: TEDPolicy}}]")
        request = CheckRequest(
            configs=["config.yml"],
            epochs=epochs,
            train_nlu=["nlu.yml"],
            test_nlu=[test_nlu],
            train_stories=["stories.yml"],
            test_stories=[test_stories],
            scratch=str(tmp_path),
            response="",
            options=options or {},
        )
        return check_worker.faults(request)

    return check


OURS = "rasa_randconn.RandConnDIETClassifier"


@pytest.mark.parametrize(
    "entry, message",
    [
        (f"{{name: {OURS}, conection_density: 0.3}}", "mean 'connection_density'?"),
        (f"{{name: {OURS}, connection_density: 3}}", "not 3"),
        (f"{{name: {OURS}, transformer_size: 30}}", "not a multiple of 4"),
        ("{name: DIETClassifier, transformer_size: 30}", "not a multiple of 4"),
        ("{name: DIETClassifier, loss_type: none}", "loss_type=none"),
        ("{name: rasa_randconn.RandConnDietClassifier}", f"Did you mean '{OURS}'?"),
        ("{name: DietClassifier}", "Did you mean 'DIETClassifier'?"),
        ("{name: no_package.Own}", "There is no component 'no_package.Own'."),
        ("{name: rasa_randconn.Tokenizer}", f"There are: {OURS},"),
        ("{name: rasa_randconn.no.Own}", f"There are: {OURS},"),
        ("{name: RandConnDietClassifier}", f"Did you mean '{OURS}'?"),
    ],
)
def test_a_fault_of_a_component_names_the_configuration(entry, message, faults):
    (fault,) = faults(entry)
    assert fault.startswith("config.yml: ")
    assert message in fault
    assert "\n" not in fault


@pytest.mark.parametrize(
    "code, reason",
    [
        ("import a_missing_package", "No module named 'a_missing_package'"),
        ("class Own: pass", "register it using the '@DefaultV1Recipe.register' dec"),
        ("class Other: pass", "Cannot retrieve class from path {}.Own."),
        ("Own = 3", "is expected to return a class"),
        ("raise ValueError('not\\ntoday')", "not today"),
        ("class Own:", "({}.py, line 1)"),
    ],
)
def test_a_component_that_is_there_is_refused_for_the_reason_that_rasa_has(
    code, reason, faults, tmp_path, monkeypatch
):
    module = f"own_{zlib.crc32(code.encode())}"
    (tmp_path / f"{module}.py").write_text(code)
    monkeypatch.syspath_prepend(str(tmp_path))
    (fault,) = faults(f"name: {module}.Own")
    assert "Did you mean" not in fault
    assert fault.startswith(f"config.yml: Rasa cannot use the component '{module}.Own'")
    assert reason.format(module) in fault
    assert "\n" not in fault


def test_a_class_that_a_module_of_rasa_lacks_gets_a_hint(faults):
    (fault,) = faults("name: rasa.core.TEDPolicy")
    assert fault.endswith("path rasa.core.TEDPolicy. Did you mean 'TEDPolicy'?")


def test_the_data_are_divided_if_nothing_else_is_wrong(tmp_path, monkeypatch):
    (tmp_path / "nlu.yml").write_text(NLU)
    answers = []
    monkeypatch.setattr(check_worker.worker, "respond", lambda _, a: answers.append(a))
    for name in ("DIETClassifier", "Nothing"):
        (tmp_path / "config.yml").write_text(f"pipeline: [{{name: {name}}}]")
        request = CheckRequest(
            configs=[str(tmp_path / "config.yml")],
            epochs=1,
            train_nlu=[str(tmp_path / "nlu.yml")],
            test_nlu=[],
            train_stories=[],
            test_stories=[],
            scratch=str(tmp_path),
            response="",
            split=0.8,
        )
        monkeypatch.setattr(check_worker.worker, "start", lambda _, r=request: r)
        check_worker.main()

    divided, faulty = answers
    assert divided["faults"] == []
    assert divided["split"]["train_examples"] > divided["split"]["test_examples"] > 0
    assert len(faulty["faults"]) == 1
    assert faulty["split"] is None


def test_every_fault_is_told(faults):
    wrong = f"{{name: {OURS}, connection_density: 3}}"
    assert len(faults(wrong, wrong, "{name: Nothing}")) == 3
    assert not faults(f"name: {OURS}", "name: DIETClassifier", epochs=3)


@pytest.mark.parametrize("name", [OURS, "DIETClassifier"])
def test_options_that_will_be_replaced_are_checked_as_they_will_be(faults, name):
    entry = f"{{name: {name}, transformer_size: 30, weight_sparsity: 7}}"
    assert faults(entry)
    assert not faults(
        entry, options={"transformer_size": 32, "connection_density": 0.2}
    )
    fault, _ = faults(f"name: {name}", options={"transformer_size": 34})
    assert "34 is not a multiple of 4" in fault


@pytest.mark.parametrize(
    "entry, right",
    [
        (f"name: {OURS}\n  connection_pattern: ${{TEXT}}", "grouped"),
        ("name: DIETClassifier\n  loss_type: ${TEXT}", "margin"),
        (f"name: {OURS}\n  hidden_layers_sizes:\n    text:\n    - ${{TEXT}}", None),
    ],
)
def test_environment_variables_have_their_values_as_in_rasa(
    entry, right, faults, monkeypatch
):
    if right is not None:
        monkeypatch.setenv("TEXT", right)
        assert not faults(entry)
        monkeypatch.setenv("TEXT", "nothing")
        (fault,) = faults(entry)
        assert "nothing" in fault
    monkeypatch.delenv("TEXT", raising=False)
    (fault,) = faults(entry)
    assert fault.startswith("config.yml: ")
    assert "Please make sure to also set these environment variables" in fault
    assert "${TEXT}" in fault


def test_what_rasa_itself_says_of_a_file_is_a_line(faults, monkeypatch):
    monkeypatch.setenv("TEXT", OURS)
    (fault,) = faults("name: ${TEXT}")
    assert fault.startswith("config.yml: Value '${TEXT}' is not of type 'str'.")
    assert "/pipeline/1/name" in fault


def test_data_without_examples_or_stories_are_found(faults, tmp_path):
    (tmp_path / "domain.yml").write_text("responses: {utter_a: [{text: a}]}")
    (tmp_path / "empty.yml").write_text("stories: []")
    assert faults(test_nlu="domain.yml") == ["There are no examples in domain.yml."]
    assert faults(test_stories="empty.yml") == ["There are no stories in empty.yml."]
    assert "stories or rules in nlu.yml" in faults(test_stories="nlu.yml")[0]
