"""The screens as a person has them: a real Chromium, JupyterLab, a kernel, collections of some size.

- ``python -m tests.benchmarks.screens`` (`make bench-screens`) runs the parts below, one after the other.
- `stock.py` makes the collections; `clock.py` is a notebook in the browser with clocks.
- `painting.py`: first paint and traffic; `moving.py`: a slider, and a map under the hand; `mapping.py`: a map
  in the making; `beside.py`: another cell meanwhile. `words.py` tells the result.
"""
