from __future__ import annotations

import re

from numba.core import registry, types
from numba.core.compiler import Compiler
from numba.core.compiler_lock import global_compiler_lock

from rasa_randconn.kernels import layout
from rasa_randconn.kernels.entry import add_entry
from rasa_randconn.kernels.machine_code import _NativeCompiler


def test_an_entry_calls_the_function_instead_of_having_a_copy_of_it():
    compiler = _NativeCompiler(
        layout.clear.function, registry.cpu_target, {"nogil": True}, {}, Compiler
    )
    with global_compiler_lock:
        compiled = compiler.compile((types.Array(types.float32, 1, "C"),), types.none)
        add_entry("entry", compiled.target_context, compiled.library, compiled.fndesc)
        compiled.library.finalize()
    code = compiled.library.get_llvm_str()
    entry = re.search(r"define void @entry\(.*?^}", code, re.DOTALL | re.MULTILINE)
    assert entry is not None
    assert compiled.fndesc.llvm_func_name in entry.group()
    assert not re.search(r"store .*float", entry.group())
