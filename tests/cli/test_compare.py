from __future__ import annotations

import pytest

from rasa_randconn import cli

NLU = ["--train-nlu", "nlu.yml", "--test-nlu", "nlu.yml"]
STORIES = ["--train-stories", "stories.yml", "--test-stories", "stories.yml"]


@pytest.fixture(autouse=True)
def project(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("nlu.yml", "stories.yml", "domain.yml"):
        (tmp_path / name).write_text("version: '3.1'\n")
    (tmp_path / "a.yml").write_text("pipeline:\n- name: A\npolicies:\n- name: B\n")
    return tmp_path


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "nothing to train on"),
        (["--train-nlu", "nlu.yml"], "--train-nlu needs --test-nlu"),
        (["--test-nlu", "nlu.yml"], "--test-nlu needs --train-nlu"),
        ([*NLU, "--train-stories", "stories.yml"], "needs --test-stories"),
        (STORIES, "give --domain"),
        ([*NLU, "--domain", "none.yml"], "no file or folder 'none.yml'"),
        (["--train-nlu", "nlu.yml", "none", "--test-nlu", "nlu.yml"], "'none'"),
        ([*NLU, "--epochs", "0"], "--epochs must be at least 1"),
        ([*NLU, "--seeds", "1", "1"], "only once"),
        ([*NLU, "--seeds", "-1"], "must not be negative"),
        ([*NLU, "--augmentation", "-1"], "must not be negative"),
        ([*NLU, "--config", "none.yml"], "Cannot read the configuration 'none.yml'"),
        ([*NLU, "--config", "./a.yml"], "The configuration 'a.yml' is given twice"),
        *(
            ([*NLU, "--out", out], "--out must name a folder of its own")
            for out in ("", ".", "./", "out/..")
        ),
        (NLU, "There are no examples in nlu.yml."),
        (["--train-nlu", "nlu.yml"], "or --split to make a test set"),
        ([*NLU, "--split", "0.8"], "leave out --test-nlu, or leave out --split"),
        (["--split", "0.8"], "--split divides NLU data: give --train-nlu"),
        (
            [*STORIES[:2], "--train-nlu", "nlu.yml", "--split", "0.8"],
            "--split divides NLU data only: a story is often the only one of its kind",
        ),
        *(
            (["--train-nlu", "nlu.yml", "--split", fraction], "between 0 and 1")
            for fraction in ("0", "1", "-0.5", "80", "nan")
        ),
        ([*STORIES, "--domain", "domain.yml"], "There are no stories in stories.yml."),
    ],
)
def test_wrong_arguments_are_explained(arguments, message, capsys, project):
    code = cli.main(["compare", "--config", "a.yml", "--out", "out", *arguments])

    assert code == 2
    assert message in capsys.readouterr().err
    assert not (project / "out").exists()


@pytest.mark.parametrize(
    "arguments",
    [
        ["compare"],
        ["compare", "--config", "a.yml"],
        ["compare", "--out", "out"],
        ["compare", "--config", "a.yml", "--out", "out", "--seeds", "one"],
        ["inspect"],
        ["unknown"],
    ],
)
def test_incomplete_command_lines_are_refused(arguments):
    with pytest.raises(SystemExit) as error:
        cli.main(arguments)

    assert error.value.code == 2


def test_without_a_command_help_is_shown(capsys):
    assert cli.main([]) == 2

    assert "compare" in capsys.readouterr().out
