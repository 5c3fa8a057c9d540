"""Keeping a model on disk: one .npz file of its arrays, written whole or not at all.

A file carries a digest of what it holds. Loading checks everything first, so that a damaged or
foreign file is refused and the model stays as it was.
"""

import contextlib
import hashlib
import os
import tempfile
import zipfile

import numpy as np


def _digest(arrays):
    digest = hashlib.sha256()
    for name in sorted(arrays):
        a = np.ascontiguousarray(arrays[name])
        digest.update(f"{name} {a.dtype.str} {a.shape} ".encode() + a.tobytes())
    return digest.hexdigest()


def save(model, path):
    """Write a model's parameters and running statistics to `path`. Chapter 11.

    The file appears whole or not at all: a crash leaves the one that was there.

    >>> import tempfile, pathlib
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "model.npz"
    >>> model = bp.Affine(3, 2, seed=0)
    >>> bp.save(model, path)
    >>> other = bp.load(bp.Affine(3, 2, seed=1), path)
    >>> bool((other.W.data == model.W.data).all())
    True
    """
    arrays = model.state()
    path = os.fspath(path)
    handle, draft = tempfile.mkstemp(dir=os.path.dirname(path) or ".", prefix=".bpkit-")
    try:
        with os.fdopen(handle, "wb") as file:
            np.savez(file, **arrays, digest=np.array(_digest(arrays)))
            file.flush()
            os.fsync(file.fileno())
        os.replace(draft, path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.remove(draft)
        raise


def load(model, path):
    """Read what `save` wrote into a model of the same make, and return the model. Chapter 11.

    Raises ValueError, and changes nothing, if the file is damaged or holds other names or shapes.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
            digest = arrays.pop("digest").item()
    except FileNotFoundError:
        raise
    except (OSError, ValueError, KeyError, AttributeError, EOFError, zipfile.BadZipFile) as error:
        raise ValueError(f"load: {path} is damaged or isn't a model: {error}") from error
    if digest != _digest(arrays):
        raise ValueError(f"load: {path} is damaged: its numbers don't match their digest")
    wanted = model.state()
    if wanted.keys() != arrays.keys():
        odd = sorted(wanted.keys() ^ arrays.keys())
        raise ValueError(f"load: {path} and the model differ in what they hold: {', '.join(odd)}")
    for name, array in arrays.items():
        if (array.shape, array.dtype) != (wanted[name].shape, wanted[name].dtype):
            raise ValueError(
                f"load: {name} is {array.shape} {array.dtype} in {path}, "
                f"but {wanted[name].shape} {wanted[name].dtype} in the model"
            )
    for name, array in arrays.items():
        wanted[name][...] = array
    return model
