"""NVIDIA's runtime compiler, which cupy uses too: it compiles for devices that are not there."""

from __future__ import annotations

import ctypes
import ctypes.util
import functools
import importlib.util
from pathlib import Path


@functools.cache
def library() -> ctypes.CDLL | None:
    """Return the compiler of the package nvidia-cuda-nvrtc, or the system's; None where there is neither."""
    spec = importlib.util.find_spec("nvidia")
    places = [] if spec is None else [Path(place) for place in spec.submodule_search_locations or []]
    found = [file for place in places for file in sorted(place.glob("*/lib/libnvrtc.so.[0-9]*"))]
    name = str(found[-1]) if found else ctypes.util.find_library("nvrtc")
    return None if name is None else ctypes.CDLL(name)


def compiled(text: str, options: list[str]) -> tuple[bool, str]:
    """Compile a source; return whether it went well, and what the compiler said."""
    nvrtc = library()
    assert nvrtc is not None
    program = ctypes.c_void_p()
    assert nvrtc.nvrtcCreateProgram(ctypes.byref(program), text.encode(), b"source.cu", 0, None, None) == 0
    given = (ctypes.c_char_p * len(options))(*(option.encode() for option in options))
    well = nvrtc.nvrtcCompileProgram(program, len(options), given) == 0
    size = ctypes.c_size_t()
    nvrtc.nvrtcGetProgramLogSize(program, ctypes.byref(size))
    said = ctypes.create_string_buffer(size.value)
    nvrtc.nvrtcGetProgramLog(program, said)
    nvrtc.nvrtcDestroyProgram(ctypes.byref(program))
    return well, said.value.decode()
