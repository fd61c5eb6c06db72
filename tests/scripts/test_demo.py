"""The demo shows what Rasa says of the training, and nothing else."""

from __future__ import annotations

import io

import pytest

from scripts import demo

LOG = b"""\
/lib/keras/utils.py:206: DeprecationWarning: invalid escape sequence
2026-11-29 18:53:54 INFO     rasa.engine.training.hooks  - Starting to train 'DIET'.
\rEpochs:   0%|          | 0/20 [00:00<?, ?it/s]\
\rEpochs:  50%|#####     | 10/20 [00:01<00:01,  9it/s]\
\rEpochs:  50%|#####     | 10/20 [00:01<00:01,  9it/s, t_loss=5.36, i_acc=0.222]\
\rEpochs:  50%|#####     | 10/20 [00:01<00:01,  9it/s, t_loss=4.36, i_acc=0.322]\
\rEpochs:  55%|#####     | 11/20 [00:01<00:01,  9it/s, t_loss=4.16, i_acc=0.422]\
\rEpochs: 100%|##########| 20/20 [00:02<00:00,  9it/s, t_loss=2.36, i_acc=0.922]
2026-11-29 18:53:54 INFO     rasa.engine.training.hooks  - Finished training 'DIET'.
"""

SHOWN = """\
  Starting to train 'DIET'.
  Epochs:  50%|#####     | 10/20 [00:01<00:01,  9it/s, t_loss=4.36, i_acc=0.32
  Epochs: 100%|##########| 20/20 [00:02<00:00,  9it/s, t_loss=2.36, i_acc=0.92
  Finished training 'DIET'.
"""


def show(is_terminal):
    log = io.BytesIO()
    output = demo.TrainingOutput(is_terminal)
    for line in demo.lines(io.BytesIO(LOG), log):
        output.show(line)
    output.end_bar()
    return log.getvalue()


def test_a_log_file_has_messages_and_every_tenth_epoch_once(capsys):
    assert show(is_terminal=False) == LOG
    assert capsys.readouterr().out == SHOWN


def test_a_terminal_has_one_bar_that_moves(capsys):
    show(is_terminal=True)
    shown = capsys.readouterr().out
    assert shown.count("\r") == 4
    assert shown.count("\n") == 3


def test_the_last_epoch_is_shown_whatever_its_number(capsys):
    output = demo.TrainingOutput(is_terminal=False)
    for epoch in (10, 14, 15):
        output.show(f"Epochs: {epoch}| {epoch}/15 [00:01<00:01, t_loss=4.36]")
    output.end_bar()
    shown = capsys.readouterr().out
    assert ["10/15" in shown, "14/15" in shown, "15/15" in shown] == [True, False, True]


def test_a_folder_with_other_files_is_not_removed(tmp_path):
    (tmp_path / "bot.txt").write_text("mine")
    with pytest.raises(SystemExit, match="holds other files"):
        demo.prepare(tmp_path)
    assert (tmp_path / "bot.txt").exists()


def test_the_folder_of_an_earlier_demo_is_made_anew(tmp_path):
    out = tmp_path / "demo"
    demo.prepare(out)
    (out / "model.tar.gz").write_text("")
    demo.prepare(out)
    assert [path.name for path in out.iterdir()] == [demo.MARK]


def test_an_interrupted_command_may_write_its_report(tmp_path):
    report = tmp_path / "report"
    script = f"""
import os, pathlib, signal, time
def end(*_):
    time.sleep(0.5)
    pathlib.Path({str(report)!r}).write_text("")
    raise SystemExit
signal.signal(signal.SIGINT, end)
os.kill(os.getppid(), signal.SIGINT)
os.kill(os.getpid(), signal.SIGINT)
time.sleep(60)
"""
    with pytest.raises(KeyboardInterrupt):
        demo.run("-c", script, log=tmp_path)
    assert report.exists()


def test_the_files_of_the_demo_exist():
    for path in (demo.TRAIN_NLU, demo.TEST_NLU, *demo.STORIES, demo.REFERENCE):
        assert (demo.ROOT / path).is_file(), path
