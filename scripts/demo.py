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

MESSAGE = re.compile(r" INFO +rasa\.\S+ +- (.*)")
EPOCHS = re.compile(r"Epochs:.*\| *(\d+)/(\d+) \[.*loss=")
EPOCHS_PER_LINE = 10
WIDTH = 76


def main():
    options = arguments()
    out = Path(options.out)
    if out.exists():
        shutil.rmtree(str(out))
    out.mkdir(parents=True)
    started = time.monotonic()
    try:
        train(out)
        talk(out)
        say(f"So far: {time.monotonic() - started:.0f} s.")
        compare(out, options)
    except subprocess.CalledProcessError as error:
        log = out / "train.log"
        sys.exit(f"demo: a command failed ({error.returncode}); see {log}")
    except KeyboardInterrupt:
        say("Stopped. `make demo` starts again.")
        sys.exit(130)


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
        raise subprocess.CalledProcessError(process.returncode, "rasa train")
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

    A bar is written again for every epoch; a log file gets the last one of every tenth.
    """

    def __init__(self, is_terminal):
        self._is_terminal = is_terminal
        self._bar = ""
        self._epoch = 0

    def show(self, line):
        message, bar = MESSAGE.search(line), EPOCHS.search(line)
        if message:
            self.end_bar()
            say(f"  {message[1][:WIDTH]}")
        elif bar:
            if int(bar[1]) != self._epoch and not self._is_terminal:
                self.end_bar()
            self._bar, self._epoch = f"  {line[:WIDTH]:<{WIDTH}}", int(bar[1])
            if self._is_terminal:
                print(f"\r{self._bar}", end="", flush=True)

    def end_bar(self):
        if self._bar and self._is_terminal:
            say("")
        elif self._bar and self._epoch % EPOCHS_PER_LINE == 0:
            say(self._bar)
        self._bar = ""


def talk(out):
    run("-W", "ignore", "-m", "scripts.demo_conversation", out, stderr=out / "talk.log")


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
    run("-m", "rasa_randconn.cli", *command)


def heading(text):
    print(f"\n== {text}\n", flush=True)


def say(text):
    print(text, flush=True)


def run(*command, stderr=None):
    output = open(str(stderr), "wb") if stderr else None
    subprocess.run(python(*command), check=True, cwd=str(ROOT), stderr=output)


def python(*command):
    return [sys.executable, *map(str, command)]


if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    main()
