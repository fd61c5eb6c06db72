"""The demo shows what Rasa says of the training, and nothing else."""

from __future__ import annotations

import io

from scripts import demo

LOG = b"""\
/lib/keras/utils.py:206: DeprecationWarning: invalid escape sequence
2026-11-29 18:53:54 INFO     rasa.engine.training.hooks  - Starting to train 'DIET'.
\rEpochs:   0%|          | 0/20 [00:00<?, ?it/s]\
\rEpochs:  50%|#####     | 10/20 [00:01<00:01,  9it/s]\
\rEpochs:  50%|#####     | 10/20 [00:01<00:01,  9it/s, t_loss=4.36, i_acc=0.322]\
\rEpochs:  55%|#####     | 11/20 [00:01<00:01,  9it/s, t_loss=4.16, i_acc=0.422]\
\rEpochs: 100%|##########| 20/20 [00:02<00:00,  9it/s, t_loss=2.36, i_acc=0.922]
"""

SHOWN = """\
  Starting to train 'DIET'.
  Epochs:  50%|#####     | 10/20 [00:01<00:01,  9it/s, t_loss=4.36, i_acc=0.32
  Epochs: 100%|##########| 20/20 [00:02<00:00,  9it/s, t_loss=2.36, i_acc=0.92
"""


def test_a_log_file_has_messages_and_every_tenth_epoch(capsys):
    log = io.BytesIO()
    for line in demo.lines(io.BytesIO(LOG), log):
        demo.show(line)
    assert capsys.readouterr().out == SHOWN
    assert log.getvalue() == LOG


def test_a_terminal_has_one_bar_that_moves(capsys, monkeypatch):
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    for line in demo.lines(io.BytesIO(LOG), io.BytesIO()):
        demo.show(line)
    shown = capsys.readouterr().out
    assert shown.count("\r") == 3
    assert shown.count("\n") == 2


def test_the_files_of_the_demo_exist():
    for path in (demo.TRAIN_NLU, demo.TEST_NLU, *demo.STORIES):
        assert (demo.ROOT / path).is_file(), path
