"""Machine code of kernels: compiled once, kept in a file, loaded by other processes."""

from __future__ import annotations

import hashlib
import logging
import os
import sys
import tempfile
from functools import lru_cache
from pathlib import Path
from typing import Any, Callable, List, NamedTuple, Optional, Tuple

import llvmlite
import llvmlite.binding as llvm
import numba
from numba.core import registry, types
from numba.core.ccallback import _CFuncCompiler
from numba.core.compiler import Compiler
from numba.core.compiler_lock import global_compiler_lock
from numba.core.runtime import _nrt_python

from rasa_randconn.kernels.entry import add_entry
from rasa_randconn.kernels.file_lock import locked

logger = logging.getLogger(__name__)

#: The environment variable that names a folder for machine code.
FOLDER_VARIABLE = "NUMBA_CACHE_DIR"

_ENTRY = "rasa_randconn_entry"

_DIGEST_BYTES = hashlib.sha256().digest_size


class MachineCode(NamedTuple):
    """Machine code of a kernel in this process.

    Attributes:
        address: Where it begins in memory.
        was_compiled: Whether this process compiled it, instead of loading it.
    """

    address: int
    was_compiled: bool


class CodeFolder(NamedTuple):
    """A folder for machine code.

    Attributes:
        path: The folder.
        origin: Whose folder it is, for people.
    """

    path: Path
    origin: str


def code_of(
    name: str,
    function: Callable[..., None],
    argument_types: Tuple[Any, ...],
    options: Any,
    must_be_kept: bool = False,
) -> MachineCode:
    """Loads the machine code of a kernel, or compiles and keeps it.

    Args:
        name: The kernel's module and name.
        function: The function to compile.
        argument_types: Numba's types of its arguments.
        options: Numba's options.
        must_be_kept: Whether to fail if it cannot be kept, instead of going on.

    Raises:
        OSError: If machine code that must be kept cannot be written.
    """

    def compile_() -> bytes:
        return _compile(function, argument_types, options)

    if not _is_known_by_version(function):
        return MachineCode(_loaded(compile_()), was_compiled=True)
    code = _kept(name)
    if code is not None:
        return MachineCode(_loaded(code), was_compiled=False)
    folder = writable_folder()
    if folder is None:
        logger.debug(f"The machine code of '{name}' cannot be kept in any folder.")
        return MachineCode(_loaded(compile_()), was_compiled=True)
    path = _path(folder, name)
    # another process may be compiling the same kernel
    with locked(path.with_suffix(".lock")):
        code = _read(path)
        if code is not None:
            return MachineCode(_loaded(code), was_compiled=False)
        code = compile_()
        try:
            _write(code, path)
        except OSError as error:
            if must_be_kept:
                raise
            logger.debug(f"The machine code of '{name}' cannot be kept: {error}")
    return MachineCode(_loaded(code), was_compiled=True)


def is_kept(name: str) -> bool:
    """Whether there is a file with the machine code of a kernel.

    Args:
        name: The kernel's module and name.
    """
    return any(_path(folder, name).is_file() for folder in folders())


def folders() -> List[CodeFolder]:
    """The folders that may hold machine code, the first choice first.

    That is the one that the environment names. The package's and the user's are used
    without it, or if it cannot be written to.
    """
    named = named_folder()
    others = [
        (Path(__file__).parent / "__pycache__", "the package's folder"),
        (_user_folder(), "the user's cache"),
    ]
    usual = [CodeFolder(_of_version(path), whose) for path, whose in others if path]
    if named is None:
        return usual
    first = CodeFolder(_of_version(named), FOLDER_VARIABLE)
    return [first] if _is_writable(first.path) else [first, *usual]


def named_folder() -> Optional[Path]:
    """The folder that the environment names for machine code, if it does."""
    name = os.environ.get(FOLDER_VARIABLE)
    return Path(name).resolve() if name else None


def _user_folder() -> Optional[Path]:
    """Where users keep caches; `None` for a user without a home."""
    cache = os.environ.get("XDG_CACHE_HOME")
    try:
        return (Path(cache) if cache else Path.home() / ".cache") / "rasa_randconn"
    except RuntimeError:
        return None


def _of_version(folder: Path) -> Path:
    return folder / f"kernels-{version()}"


def writable_folder() -> Optional[CodeFolder]:
    """The first folder that machine code can be written to; `None` without any."""
    return next((folder for folder in folders() if _is_writable(folder.path)), None)


@lru_cache(maxsize=None)
def version() -> str:
    """What machine code depends on: the kernels' sources, compiler and processor."""
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.read_bytes())
    for fact in (
        sys.version_info[:2],
        numba.__version__,
        llvmlite.__version__,
        llvm.get_process_triple(),
        processor(),
        features(),
    ):
        digest.update(f"{fact}\n".encode())
    return digest.hexdigest()[:16]


def processor() -> str:
    """The processor that kernels are compiled for, as LLVM calls it."""
    return str(numba.config.CPU_NAME or llvm.get_host_cpu_name())


def features() -> str:
    """The features of the processor that kernels use, as LLVM lists them."""
    if numba.config.CPU_FEATURES is not None:
        return str(numba.config.CPU_FEATURES)
    return str(llvm.get_host_cpu_features().flatten())


def _compile(
    function: Callable[..., None], argument_types: Tuple[Any, ...], options: Any
) -> bytes:
    """Compiles a function to object code, whose entry takes a block of arguments."""
    with global_compiler_lock:
        compiler = _NativeCompiler(function, registry.cpu_target, options, {}, Compiler)
        result = compiler.compile(argument_types, types.none)
        library = result.library
        add_entry(_ENTRY, result.target_context, library, result.fndesc)
        library.finalize()
        _, _, (code, _) = library.serialize_using_object_code()
        return bytes(code)


class _NativeCompiler(_CFuncCompiler):
    """Compiles no wrappers of Numba's around a function."""

    def _customize_flags(self, flags: Any) -> Any:
        flags = super()._customize_flags(flags)
        flags.no_cfunc_wrapper = True
        return flags


def _loaded(code: bytes) -> int:
    """Loads object code, and returns the address of its entry."""
    _prepare_loading()
    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), _target_machine())
    engine.add_object_file(llvm.ObjectFileRef.from_data(code))
    engine.finalize_object()
    _engines.append(engine)
    return int(engine.get_function_address(_ENTRY))


# Machine code lives as long as its engine.
_engines: List[Any] = []


@lru_cache(maxsize=1)
def _prepare_loading() -> None:
    """Makes LLVM know the processor, and what kernels allocate memory with.

    Numba's own preparation also compiles functions that kernels do not need.
    """
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    for name, address in _nrt_python.c_helpers.items():
        llvm.add_symbol(name if name.startswith("_") else f"NRT_{name}", address)


def _target_machine() -> Any:
    return llvm.Target.from_default_triple().create_target_machine(jit=True)


def _is_known_by_version(function: Callable[..., None]) -> bool:
    """Whether the version changes with the source of the function."""
    return Path(function.__code__.co_filename).parent == Path(__file__).parent


def _path(folder: CodeFolder, name: str) -> Path:
    return folder.path / f"{name}.o"


def _kept(name: str) -> Optional[bytes]:
    """The object code of a kernel from the first folder that has it."""
    found = (_read(_path(folder, name)) for folder in folders())
    return next((code for code in found if code is not None), None)


def _read(path: Path) -> Optional[bytes]:
    """The object code in a file; `None` if there is none, or it is damaged."""
    try:
        content = path.read_bytes()
    except OSError:
        return None
    digest, code = content[:_DIGEST_BYTES], content[_DIGEST_BYTES:]
    return code if hashlib.sha256(code).digest() == digest else None


def _write(code: bytes, path: Path) -> None:
    """Writes a file whole or not at all: other processes may write it, too."""
    handle, temporary = tempfile.mkstemp(dir=str(path.parent))
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(hashlib.sha256(code).digest() + code)
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except OSError:
        Path(temporary).unlink()
        raise


@lru_cache(maxsize=8)
def _is_writable(folder: Path) -> bool:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=str(folder)):
            return True
    except OSError:
        return False
