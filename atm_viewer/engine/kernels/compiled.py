"""Compiled functions whose compiled code is kept where that works; where it does not, they are compiled again.

numba takes what it finds in its cache for right, and fails when it cannot read or write there. Here all that is kept
has a checksum, what is damaged is replaced, and a full disk or a folder of somebody else costs time alone. Of processes
that need a function at the same time, one compiles it.
"""

from __future__ import annotations

import hashlib
import logging
import os
import pickle
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext, suppress
from pathlib import Path
from typing import Any

import numba
from numba.core import caching, registry, types
from numba.core.runtime.nrt import rtsys

from atm_viewer.engine.private_cache import is_complete
from atm_viewer.engine.threads import loading
from atm_viewer.engine.whole_file import in_turn

#: Whether no other process can be compiling what this one needs.
_COMPLETE = is_complete()
#: Seconds after which what another process compiles is compiled here.
_PATIENCE = 60.0
#: Seconds to wait for another process to keep what it has compiled, which takes milliseconds.
_SAVING = 5.0

_DIGEST = hashlib.sha256
_LENGTH = _DIGEST().digest_size


@loading()
def load_numba() -> None:
    """Load what compiling needs: most of numba, which takes half a second."""
    registry.cpu_target.typing_context.refresh()
    registry.cpu_target.target_context.refresh()


def njit(*, cache: bool, **options: Any) -> Callable[[Callable[..., Any]], Any]:
    """Compile a function, as numba's own ``njit`` does.

    Parameters
    ----------
    cache : bool
        Whether compiled code is kept between runs.
    **options
        Of numba.

    Returns
    -------
    callable
        Decorator.
    """

    def decorate(function: Callable[..., Any]) -> Any:
        # Nothing takes a kernel for a function of C, and compiling what would make it one takes time.
        made = numba.njit(**{"no_cfunc_wrapper": True, **options})(function)
        if isinstance(made, registry.CPUDispatcher):  # numba can be told not to compile
            made.__class__ = _Kernel
        if cache:
            try:
                made._cache = _Cache(function)
            except (RuntimeError, OSError) as error:  # no folder that can be written
                _log(function.__name__, error)
        return made

    return decorate


class _Kernel(registry.CPUDispatcher):
    """A compiled function."""

    _cache: Any

    def _compile_for_args(self, *args: Any, **kws: Any) -> Any:
        # Before numba's own lock is taken, so that while this thread waits others can compile.
        turn = self._cache.turn() if isinstance(self._cache, _Cache) else nullcontext()
        with turn:
            return super()._compile_for_args(*args, **kws)  # type: ignore[misc]

    def get_call_template(self, args: Any, kws: Any) -> Any:
        """Compile for a caller; for numbers that are written out there as for others, since that is once."""
        return super().get_call_template(
            tuple(map(types.unliteral, args)), {name: types.unliteral(kind) for name, kind in kws.items()}
        )


class _Files(caching.IndexDataCacheFile):
    """Index and data of one function, each with a checksum at its end, which pickle does not read."""

    def _dump(self, obj: Any) -> bytes:
        content: bytes = super()._dump(obj)
        return content + _DIGEST(content).digest()

    def _load_index(self) -> Any:
        with suppress(FileNotFoundError), open(self._index_path, "rb") as file:
            if pickle.load(file) == self._version:
                _check(file.read())
        return super()._load_index()

    def _load_data(self, name: str) -> Any:
        with open(self._data_path(name), "rb") as file:
            _check(file.read())
        return super()._load_data(name)


class _Locator(caching.UserProvidedCacheLocator):
    """Finds the sources of kernels in this folder, since functions of a bundled program say where they were built."""

    @classmethod
    def from_function(cls, py_func: Callable[..., Any], py_file: str) -> Any:
        if not os.path.isabs(py_file):
            py_file = os.path.join(os.path.dirname(__file__), os.path.basename(py_file))
        return super().from_function(py_func, py_file)


class _Implementation(caching.CompileResultCacheImpl):
    # Only where we say: beside the source, or in a folder of all programs, is no place for it.
    _locator_classes = [_Locator]  # noqa: RUF012


class _Cache(caching.FunctionCache):
    """Compiled code of one function on disk, as far as that works."""

    _impl_class = _Implementation

    def __init__(self, function: Callable[..., Any]):
        super().__init__(function)
        self._cache_file = _Files(
            cache_path=self._cache_path,
            filename_base=self._impl.filename_base,
            source_stamp=self._impl.locator.get_source_stamp(),
        )

    def turn(self) -> AbstractContextManager[None]:
        """Wait until no other process compiles this function: what that one has kept is there to be loaded."""
        return nullcontext() if _COMPLETE else in_turn(self._beside("turn"), _PATIENCE)

    def _beside(self, ending: str) -> Path:
        return Path(f"{self._cache_file._index_path}.{ending}")

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """Load compiled code; None where there is none that can be used.

        numba's own method would first load all that compiling needs, which compiled code does without: it calls
        nothing but numba's runtime and C's mathematics.
        """
        found = None
        try:
            rtsys.initialize(target_context)
            with self._guard_against_spurious_io_errors():
                found = self._load_overload(sig, target_context)
        except Exception as error:  # pickle raises anything
            _log(self._py_func.__name__, error)
            with suppress(OSError):
                os.unlink(self._cache_file._index_path)  # what is compiled now takes its place
        if found is None:
            load_numba()
        return found

    def save_overload(self, sig: Any, data: Any) -> None:
        """Keep compiled code."""
        try:
            # Both would give their code the same name, or one forget the other's.
            with in_turn(self._beside("saving"), _SAVING):
                super().save_overload(sig, data)
        except Exception as error:
            _log(self._py_func.__name__, error)


def _check(content: bytes) -> None:
    if len(content) < _LENGTH or _DIGEST(content[:-_LENGTH]).digest() != content[-_LENGTH:]:
        raise ValueError("wrong checksum")


_told: set[str] = set()


def _log(name: str, error: BaseException) -> None:
    """Say once for each reason that compiled code is not kept or used."""
    reason = f"{type(error).__name__}: {error}"
    if type(error).__name__ not in _told:
        _told.add(type(error).__name__)
        logging.getLogger(__name__).warning("compiled code of %s cannot be kept or used (%s)", name, reason)
