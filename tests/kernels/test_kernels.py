"""The compiled kernels: they load in the background, and their distances are the true ones."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from workbench import kernels
from workbench.indexes import flat

DTYPES = [np.float32, np.float16, np.uint8]


def test_importing_the_package_imports_no_compiler() -> None:
    code = "import sys, workbench.kernels, workbench.indexes.hnsw; print('numba' in sys.modules)"
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
        == "False\n"
    )


def test_kernels_from_the_disk_need_little_of_numba() -> None:
    kernels.warm(block=True)
    code = "import sys; from workbench import kernels; kernels.warm(block=True); "
    code += "print(kernels.ready(), 'numba.np.linalg' in sys.modules)"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert found == "True False\n"


def test_loading_gives_way_to_what_a_person_waits_for() -> None:
    code = "import sys, time; from workbench import kernels, tasks\n"
    code += "with tasks.in_front():\n  kernels.warm(); time.sleep(0.3); print('numba' in sys.modules)\n"
    code += "print(kernels.wait(kernels.CPU))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert found == "False\nTrue\n"


def wait_for_a_new_kernel(folder: Path, code: str = "") -> str:
    """Wait for a kernel that no disk cache holds; print whether it came, and a compiler with it."""
    kernels.warm(block=True, module=kernels.CPU)
    (folder / "doubling.py").write_text(
        "from workbench.kernels.cpu.jit import int64, kernel\n"
        "@kernel(int64(int64))\n"
        "def double(x):\n    return 2 * x\n"
    )
    code = f"import sys; from workbench import kernels; {code}\n"
    code += "print(kernels.wait('doubling'), 'numba.np.linalg' in sys.modules)"
    fresh = {**os.environ, "PYTHONPATH": os.pathsep.join([str(folder), *sys.path])}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=fresh)
    return done.stdout


def test_a_kernel_is_compiled_in_another_process(tmp_path: Path) -> None:
    assert wait_for_a_new_kernel(tmp_path) == "True False\n"
    assert list(tmp_path.rglob("*.nbc"))


def test_a_kernel_is_compiled_here_where_no_process_can_be_started(tmp_path: Path) -> None:
    assert wait_for_a_new_kernel(tmp_path, "sys.executable = '/nothing'") == "True True\n"


def test_warming_ends_with_kernels_that_are_ready() -> None:
    kernels.warm(block=True)
    assert kernels.failed() is None
    assert kernels.ready()


@pytest.mark.parametrize("metric", [kernels.SQUARED_L2, kernels.NEGATIVE_DOT, kernels.L1])
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("dim", [1, 15, 16, 17, 33, 64, 131])
def test_distances_are_right_for_every_element_type_and_any_dimension(
    dtype: type, dim: int, metric: int
) -> None:
    kernels.warm(block=True)
    rng = np.random.default_rng(dim)
    vectors = (rng.random((7, dim)) * 100).astype(dtype)
    query = (rng.random(dim) * 100).astype(np.float32)
    rows, distances = flat.search(vectors, query, 7, metric)
    np.testing.assert_allclose(distances, flat.distances(vectors, query, metric, rows), rtol=1e-5, atol=1e-3)


def test_every_finite_float16_is_read_exactly() -> None:
    kernels.warm(block=True)
    finite = np.arange(1 << 16, dtype=np.uint16).view(np.float16)
    finite = finite[np.isfinite(finite)].reshape(-1, 1)
    rows, distances = flat.search(finite, np.ones(1, np.float32), len(finite), kernels.NEGATIVE_DOT)
    np.testing.assert_array_equal(distances, -finite[rows, 0].astype(np.float32))


def test_a_kernel_refuses_other_types_instead_of_compiling_again() -> None:
    kernels.warm(block=True)
    from workbench.kernels import cpu

    with pytest.raises(TypeError):
        cpu.scan((0, 0, 0, 0), 0, np.zeros((1, 1)), None, None, None, None)
