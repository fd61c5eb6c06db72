"""The demo shows what Rasa says of the training, and nothing else."""

from __future__ import annotations

import io

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


def test_the_files_of_the_demo_exist():
    for path in (demo.TRAIN_NLU, demo.TEST_NLU, *demo.STORIES, demo.REFERENCE):
        assert (demo.ROOT / path).is_file(), path
