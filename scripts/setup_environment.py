#!/usr/bin/env python3
"""Makes the development environment: .venv with the package and its pinned needs.

Rasa 3.6 runs on CPython 3.8, 3.9 and 3.10 only, and a machine's default Python is
often newer, so this script runs on any Python 3.6 or later and looks for a fitting
one: the one that PYTHON names, or the best of those on PATH, under pyenv and under
uv, or else one that uv installs. It then makes the virtual environment and installs
the package into it, in editable mode and held to the constraints file of that Python
version, with uv where it can be had and with pip otherwise.

Run again when nothing changed, it says so and stops.
"""

import argparse
import glob
import hashlib
import json
import os
import shutil
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
VENV = os.path.join(ROOT, os.environ.get("VENV") or ".venv")
BOOTSTRAP = os.path.join(ROOT, ".venv-bootstrap")
STAMP = os.path.join(VENV, ".setup-stamp")

# Best first: the constraints of the first are the ones tested most.
VERSIONS = ((3, 10), (3, 9), (3, 8))
CONSTRAINTS = {
    (3, 10): "constraints.txt",
    (3, 9): "constraints-3.9.txt",
    (3, 8): "constraints-3.8.txt",
}
INPUTS = (
    "setup.cfg",
    "pyproject.toml",
    os.path.join("rasa_randconn", "version.py"),
    os.path.join("scripts", "setup_environment.py"),
)

PROBE = """
import importlib.util, json, platform, sys
print(json.dumps({
    "executable": sys.executable,
    "version": sys.version_info[:2],
    "full": platform.python_version(),
    "implementation": platform.python_implementation(),
    "bits": 64 if sys.maxsize > 2**32 else 32,
    "venv": all(importlib.util.find_spec(m) for m in ("venv", "ensurepip")),
}))
"""

NO_PYTHON = """\
No Python that Rasa 3.6 runs on was found: CPython 3.8, 3.9 or 3.10, 64 bits.
Looked for python3.10, python3.9, python3.8 and python3 on PATH, under pyenv and under
uv, and asked uv to install one{uv_result}.
What to do, whichever suits you:
  - pyenv install 3.10           (pyenv), then run this again
  - uv python install 3.10       (uv), then run this again
  - conda create -n py310 python=3.10, then name that environment's python as below
  - install Python 3.10 with your system's packages, then run this again
  - make setup PYTHON=/path/to/python3.10   if there is one somewhere else"""

NO_VENV = """\
No virtual environment can be made by {python}:
its venv or ensurepip module is missing (Debian and Ubuntu pack them apart), and uv,
which does without them, is not to be had. What to do, whichever suits you:
  - apt-get install python{version}-venv   (Debian, Ubuntu), then run this again
  - install uv so that it is on PATH, then run this again"""


class SetupError(Exception):
    """What the user has to know and do."""


def say(message):
    print("setup: " + message, flush=True)


def shown(path):
    """The path as short as it can be printed."""
    relative = os.path.relpath(path, ROOT)
    return path if relative.startswith(os.pardir) else relative


def dotted(version):
    return ".".join(str(part) for part in version)


def run(command, **options):
    """Runs a command that may print; raises CalledProcessError if it fails."""
    subprocess.run(command, check=True, cwd=ROOT, stdin=subprocess.DEVNULL, **options)


def output_of(command, timeout=60):
    """What a command prints, or None if it cannot be run or fails."""
    try:
        done = subprocess.run(
            command,
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=timeout,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.decode("utf-8", "replace") if done.returncode == 0 else None


def probe(executable):
    """Facts about a Python, or None if it does not run.

    A file by that name is not enough: a pyenv shim is there for versions that are
    not selected, and only fails when it is run.
    """
    printed = output_of([executable, "-c", PROBE])
    try:
        facts = json.loads(printed) if printed else None
    except ValueError:
        return None
    if facts:
        facts["version"] = tuple(facts["version"])
    return facts


def misfit(facts):
    """Why a Python cannot be used, or None if it can."""
    if facts["version"] not in VERSIONS:
        return "it is Python {}, and Rasa 3.6 needs {}".format(
            facts["full"], " or ".join(dotted(v) for v in sorted(VERSIONS))
        )
    if facts["implementation"] != "CPython" or facts["bits"] != 64:
        return "it is not a 64-bit CPython, which TensorFlow needs"
    return None


class Uv:
    """Finds uv, or installs it into a virtual environment of its own, when asked."""

    def __init__(self, allowed):
        self._allowed = allowed
        self._command = None
        self._tried = set()

    def here(self):
        """The command of a uv that is there already, or None."""
        if self._allowed and not self._command:
            for candidate in (shutil.which("uv"), os.path.join(BOOTSTRAP, "bin/uv")):
                if candidate and output_of([candidate, "--version"]) is not None:
                    self._command = [candidate]
                    break
        return self._command

    def get(self, *pythons):
        """The command of uv, installed privately by a Python if need be, or None."""
        for python in (sys.executable,) + pythons:
            if self.here() or not self._allowed:
                break
            if python not in self._tried:
                self._tried.add(python)
                self._bootstrap(python)
        return self.here()

    @staticmethod
    def _bootstrap(python):
        say("uv is not on PATH; installing it into " + shown(BOOTSTRAP))
        shutil.rmtree(BOOTSTRAP, ignore_errors=True)
        pip = [os.path.join(BOOTSTRAP, "bin", "python"), "-m", "pip", "--quiet"]
        for command in ([python, "-m", "venv", BOOTSTRAP], pip + ["install", "uv"]):
            if output_of(command, timeout=600) is None:
                say("{} cannot do that".format(python))
                shutil.rmtree(BOOTSTRAP, ignore_errors=True)
                return


def managed_pythons(uv):
    """The Pythons that uv has installed."""
    folder = (output_of(uv + ["python", "dir"]) or "").strip() if uv else ""
    folder = folder or os.path.expanduser("~/.local/share/uv/python")
    for version in VERSIONS:
        name = "cpython-" + dotted(version) + "[.-]*"
        executable = "python" + dotted(version)
        for path in glob.glob(os.path.join(folder, name, "bin", executable)):
            yield path


def local_pythons(uv):
    """Every Python on this machine that might fit, in no order of fitness.

    That of the environment itself is not among them: it goes when that is made anew.
    """
    own = os.path.realpath(os.path.join(VENV, "bin"))
    for path in all_pythons(uv):
        if os.path.realpath(os.path.dirname(path)) != own:
            yield path


def all_pythons(uv):
    names = ["python" + dotted(version) for version in VERSIONS]
    for name in names + ["python3", "python"]:
        # All of PATH, not only its first hit, which may be a shim that fails.
        for folder in os.environ.get("PATH", "").split(os.pathsep):
            path = os.path.join(folder, name)
            if folder and os.path.isfile(path) and os.access(path, os.X_OK):
                yield path
    roots = [os.environ.get("PYENV_ROOT"), os.path.expanduser("~/.pyenv")]
    for root in filter(None, roots):
        for version in VERSIONS:
            name = dotted(version) + ".*"
            for path in glob.glob(os.path.join(root, "versions", name, "bin/python")):
                yield path
    for path in managed_pythons(uv):
        yield path


def best_python(paths):
    """The fitting Python of the version that is best, or None."""
    best, seen = None, set()
    for path in paths:
        if path in seen:
            continue
        seen.add(path)
        facts = probe(path)
        if facts and not misfit(facts):
            if not best or facts["version"] > best["version"]:
                best = facts
            if best["version"] == VERSIONS[0]:
                break
    return best


def named_python(name, uv):
    """The Python that the user named, by its path or version, which must fit."""
    if name in [dotted(version) for version in VERSIONS]:
        for path in local_pythons(uv.here()):
            facts = probe(path)
            if facts and not misfit(facts) and dotted(facts["version"]) == name:
                return facts
        facts, result = installed_python(name, uv)
        if not facts:
            raise SetupError(
                "No Python {} is on this machine. It can be installed by uv{}.".format(
                    name, result
                )
            )
        return facts
    facts = probe(os.path.expanduser(name))
    if not facts:
        raise SetupError("PYTHON={} does not run.".format(name))
    reason = misfit(facts)
    if reason:
        raise SetupError("PYTHON={} cannot be used: {}.".format(name, reason))
    return facts


def find_python(uv):
    named = os.environ.get("PYTHON")
    if named:
        return named_python(named, uv)
    facts = best_python(local_pythons(uv.here()))
    if facts:
        return facts
    facts, result = installed_python(dotted(VERSIONS[0]), uv)
    if not facts:
        raise SetupError(NO_PYTHON.format(uv_result=result))
    return facts


def installed_python(wanted, uv):
    """A Python that uv installs, or None, and what became of it."""
    command = uv.get()
    if not command:
        return None, ", which is not to be had either"
    say("Python {} is not on this machine; asking uv for it".format(wanted))
    if output_of(command + ["python", "install", wanted], timeout=600) is None:
        return None, ", which failed"
    fitting = (
        path
        for path in managed_pythons(command)
        if os.path.basename(path) == "python" + wanted
    )
    return best_python(fitting), ", whose Python does not run"


def fingerprint(version):
    """A hash of all that decides what is in the environment."""
    digest = hashlib.sha256(dotted(version).encode())
    for name in INPUTS + (CONSTRAINTS[version],):
        path = os.path.join(ROOT, name)
        digest.update(b"\0" + name.encode() + b"\0")
        if os.path.exists(path):
            with open(path, "rb") as file:
                digest.update(file.read())
    return digest.hexdigest()


def venv_python():
    return os.path.join(VENV, "bin", "python")


def was_made_here():
    """Whether the environment was made in this place, and not moved or copied to it.

    Its commands and the installed package name the folder that they were made in.
    """
    try:
        with open(os.path.join(VENV, "bin", "activate")) as file:
            content = file.read()
    except OSError:
        return False
    return VENV in content or os.path.realpath(VENV) in content


def is_current(facts):
    """Whether the environment that is there is what a run would make."""
    if not facts:
        return False
    try:
        with open(STAMP) as file:
            return file.read().strip() == fingerprint(facts["version"])
    except OSError:
        return False


def make_venv(facts, uv):
    python, version = facts["executable"], dotted(facts["version"])
    if not uv and not facts["venv"]:
        raise SetupError(NO_VENV.format(python=python, version=version))
    if os.path.lexists(VENV):
        if not os.path.exists(os.path.join(VENV, "pyvenv.cfg")):
            raise SetupError(
                shown(VENV) + " is there but no virtual environment; move it away."
            )
        shutil.rmtree(VENV)
    say("making {} with Python {}".format(shown(VENV), facts["full"]))
    if uv:
        run(uv + ["venv", "--quiet", "--python", python, VENV])
    else:
        run([python, "-m", "venv", VENV])


def install(version, uv):
    """Installs the package and what it needs; raises CalledProcessError."""
    wanted = ["--constraint", CONSTRAINTS[version], "--editable", ".[dev]"]
    if uv:
        say("installing with uv, held to " + CONSTRAINTS[version])
        run(uv + ["pip", "install", "--python", venv_python()] + wanted)
        return
    say("installing with pip, held to {}: minutes".format(CONSTRAINTS[version]))
    pip = [venv_python(), "-m", "pip"]
    if output_of(pip + ["--version"]) is None:  # as in an environment that uv made
        run([venv_python(), "-m", "ensurepip", "--upgrade", "--default-pip"])
    run(pip + ["install", "--disable-pip-version-check"] + wanted)


def set_up(options):
    uv = Uv(allowed=options.installer != "pip")
    present = None if options.recreate else probe(venv_python())
    if present and (misfit(present) or not was_made_here()):
        present = None
    if present and os.environ.get("PYTHON"):
        asked = named_python(os.environ["PYTHON"], uv)
        present = present if asked["version"] == present["version"] else None
    if is_current(present):
        say("{} is up to date (Python {})".format(shown(VENV), present["full"]))
        return

    facts = present or find_python(uv)
    command = uv.get(facts["executable"])
    if options.installer == "uv" and not command:
        raise SetupError("uv was asked for, and is not to be had.")
    if present:
        say("the needs changed; bringing {} up to date".format(shown(VENV)))
        if os.path.exists(STAMP):
            os.remove(STAMP)
    else:
        make_venv(facts, command)
    try:
        install(facts["version"], command)
    except subprocess.CalledProcessError:
        # A registry may be set up for pip alone.
        if not command or options.installer == "uv" or not facts["venv"]:
            raise
        say("uv could not install it; trying with pip")
        install(facts["version"], None)
    with open(STAMP, "w") as file:
        file.write(fingerprint(facts["version"]) + "\n")
    say("done; for a shell with it: . {}/bin/activate".format(shown(VENV)))


def main():
    parser = argparse.ArgumentParser(
        description="Makes .venv with the package and its pinned needs. "
        "The environment variable PYTHON names the Python to use, by its path or "
        "version; VENV another folder than .venv."
    )
    parser.add_argument(
        "--installer",
        choices=("auto", "uv", "pip"),
        default=os.environ.get("INSTALLER") or "auto",
        help="what installs the packages (default: uv if it can be had, else pip)",
    )
    parser.add_argument(
        "--recreate", action="store_true", help="make the environment anew"
    )
    try:
        set_up(parser.parse_args())
    except SetupError as error:
        print("setup: " + str(error), file=sys.stderr)
        return 1
    except subprocess.CalledProcessError as error:
        command = error.cmd if isinstance(error.cmd, str) else " ".join(error.cmd)
        print("setup: this failed: " + command, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
