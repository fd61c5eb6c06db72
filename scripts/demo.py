"""What `make demo` shows: a training, a conversation, a test, and then a comparison.

The first three take about a minute or two with our components. The comparison trains
stock's components as well and takes several times as long; Ctrl-C ends it early.
Everything goes to the folder `--out`. A terminal and a log file show the same lines.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

from rasa_randconn.comparison import report, results
from rasa_randconn.comparison.console import make_console

ROOT = Path(__file__).resolve().parent.parent
BOT = Path("example_bot")
TRAIN_NLU, TEST_NLU = BOT / "data" / "nlu.yml", BOT / "tests" / "test_nlu.yml"
STORIES = [BOT / "data" / "stories.yml", BOT / "data" / "rules.yml"]
REFERENCE = ROOT / "benchmarks" / "results" / "example-bot.json"

MARK = "made-by-make-demo"
MESSAGE = re.compile(r" INFO +rasa\.\S+ +- (.*)")
EPOCHS = re.compile(r"Epochs:.*\| *(\d+)/(\d+) \[.*loss=")
EPOCHS_PER_LINE = 10
WIDTH = 76


def main():
    options = arguments()
    out = Path(options.out)
    prepare(out)
    started = time.monotonic()
    try:
        train(out)
        talk(out)
        say(f"So far: {time.monotonic() - started:.0f} s.")
        compare(out, options)
    except StepError as error:
        sys.exit(f"demo: {error}")
    except KeyboardInterrupt:
        say("\nStopped. `make demo` starts again.")
        sys.exit(130)


class StepError(Exception):
    """A command of the demo failed; the message says where its log is."""


def prepare(out):
    """Makes the folder anew, if it is the demo's own."""
    mark = out / MARK
    if out.exists() and any(out.iterdir()) and not mark.exists():
        sys.exit(f"demo: '{out}' holds other files; choose another folder.")
    if out.exists():
        shutil.rmtree(str(out))
    out.mkdir(parents=True)
    mark.write_text("The demo removes this folder when it starts again.\n")


def arguments():
    parser = argparse.ArgumentParser(prog="demo", description=__doc__)
    parser.add_argument("--out", default="build/demo")
    parser.add_argument("--seeds", nargs="+", default=["1"])
    parser.add_argument("--epochs")
    return parser.parse_args()


def train(out):
    heading("1. rasa train, with example_bot/config.yml")
    say("It takes a while to start: Rasa imports TensorFlow.")
    command = ["rasa", "train", "--config", BOT / "config.yml"]
    command += ["--data", BOT / "data", "--domain", BOT / "domain.yml", "--force"]
    command += ["--out", out, "--fixed-model-name", "model"]
    started = time.monotonic()
    with open(str(out / "train.log"), "wb") as log:
        process = subprocess.Popen(
            python("-W", "ignore", "-m", *command),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd=str(ROOT),
        )
        output = TrainingOutput(sys.stdout.isatty())
        for line in lines(process.stdout, log):
            output.show(line)
        output.end_bar()
    if process.wait():
        raise StepError(f"`rasa train` failed; its messages are in {out}/train.log")
    say(f"Trained in {time.monotonic() - started:.0f} s. Rasa's log: {out}/train.log")


def lines(stream, log):
    """The lines of a process; those that a progress bar writes over count, too."""
    line = b""
    while True:
        character = stream.read(1)
        log.write(character)
        if character in (b"\r", b"\n", b""):
            yield line.decode("utf-8", "replace").strip()
            line = b""
        else:
            line += character
        if not character:
            return


class TrainingOutput:
    """Shows Rasa's messages and its progress bar, but no warnings of other packages.

    A bar is written again for every epoch; a log file gets that of every tenth epoch,
    and the last.
    """

    def __init__(self, is_terminal):
        self._is_terminal = is_terminal
        self._bar = ""
        self._epoch = 0
        self._is_last = False

    def show(self, line):
        message, bar = MESSAGE.search(line), EPOCHS.search(line)
        if message:
            self.end_bar()
            say(f"  {message[1][:WIDTH]}")
        elif bar:
            if int(bar[1]) != self._epoch and not self._is_terminal:
                self.end_bar()
            self._bar, self._epoch = f"  {line[:WIDTH]:<{WIDTH}}", int(bar[1])
            self._is_last = bar[1] == bar[2]
            if self._is_terminal:
                print(f"\r{self._bar}", end="", flush=True)

    def end_bar(self):
        if self._bar and self._is_terminal:
            say("")
        elif self._bar and (self._is_last or self._epoch % EPOCHS_PER_LINE == 0):
            say(self._bar)
        self._bar = ""


def talk(out):
    log = out / "talk.log"
    with open(str(log), "wb") as errors:
        run(
            "-W",
            "ignore",
            "-m",
            "scripts.demo_conversation",
            out,
            errors=errors,
            log=log,
        )


def compare(out, options):
    heading("4. Compare with stock: the same bot with stock's components")
    say("This trains and tests both. You may stop here with Ctrl-C.")
    if REFERENCE.exists():
        runs = results.read(REFERENCE)
        machine = runs[0]["machine"]
        say(
            f"On a reference machine ({machine['cpu']}, {machine['cores']} cores, "
            f"{runs[0]['started'][:10]}) it gave:"
        )
        make_console().print(report.terminal_table(runs))
        say("Now on this machine:")
    command = ["compare", "--config", BOT / "config.stock.yml"]
    command += ["--config", BOT / "config.yml", "--domain", BOT / "domain.yml"]
    command += ["--train-nlu", TRAIN_NLU, "--test-nlu", TEST_NLU]
    command += ["--train-stories", *STORIES]
    command += ["--test-stories", BOT / "tests" / "test_stories.yml"]
    command += ["--seeds", *options.seeds, "--out", out / "comparison"]
    if options.epochs:
        command += ["--epochs", options.epochs]
    run("-m", "rasa_randconn.cli", *command, log=out / "comparison" / "logs")


def heading(text):
    print(f"\n== {text}\n", flush=True)


def say(text):
    print(text, flush=True)


def run(*command, log, errors=None):
    process = subprocess.Popen(python(*command), cwd=str(ROOT), stderr=errors)
    try:
        code = process.wait()
    except KeyboardInterrupt:
        process.wait()  # it has got the same signal, and may have something to write
        raise
    if code:
        raise StepError(f"a command failed ({code}); see above and {log}")


def python(*command):
    return [sys.executable, *map(str, command)]


if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    main()
