"""Writes the archives that the tests of `npz` read: `python archives.py`, with NumPy 2."""

import numpy as np

obs = np.arange(18, dtype=np.float64).reshape(9, 2)
acts = np.array([0, 1, 2, 1, 0, 1])
rews = np.arange(6, dtype=np.float64)
infos = np.array([{"a": 1}] * 6, dtype=object)
terminal = np.array([True, False, True])

# What `imitation` wrote until version 0.3: `imitation.data.types.save`.
np.savez_compressed("imitation.npz", obs=obs, acts=acts, rews=rews, infos=infos, terminal=terminal, indices=np.array([2, 3]))

np.savez(
    "steps.npz",
    observations=np.arange(6, dtype=np.float32),
    next_observations=np.array([1, 10, 3, 4, 20, 30], dtype=np.float32),
    actions=np.array([0.5, -0.5, 0, 0, 0, 1], dtype=">f8"),
    terminals=np.array([0, 1, 0, 0, 0, 0], dtype=bool),
    timeouts=np.array([0, 1, 0, 0, 1, 0], dtype=bool),
)
np.savez_compressed(
    "pictures.npz",
    observations=np.arange(36, dtype=np.uint8).reshape(3, 2, 2, 3),
    actions=np.array([[0, 3], [1, 0]], dtype=np.int32),
    lengths=np.array([2]),
)
good = {"observations": obs[:8], "actions": acts, "lengths": np.array([2, 4])}
np.savez("pickled.npz", **{**good, "actions": np.array([0, 1, 2, 1, 0, None], dtype=object)})
np.savez("fortran.npz", **{**good, "observations": np.asfortranarray(obs[:8])})
np.savez("lengths.npz", **{**good, "lengths": np.array([2, 5])})
np.savez("rows.npz", **{**good, "observations": obs[:6]})
np.savez("missing.npz", observations=obs, lengths=np.array([2, 4]))
nan = obs[:8].copy()
nan[0, 0] = np.nan
np.savez("nan.npz", **{**good, "observations": nan})
np.savez("text.npz", **good, rewards=np.array(["a"] * 6))
