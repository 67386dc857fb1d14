"""Writes the archives beside this file that hold the MDP of two-rooms.json, each in another form. Needs numpy."""

import pathlib

import numpy as np

FOLDER = pathlib.Path(__file__).parent
P = np.zeros((3, 2, 3))
P[0, 0] = [0.25, 0.75, 0]
P[0, 1, 0] = P[1, 0, 2] = P[1, 1, 1] = 1
COMMON = dict(
    states=np.array(["left", "rïght", "goal"]),
    actions=np.array(["go", "stay"]),
    discount=0.9,
    start=0,
    reward=np.array([[-1.0, 0], [2, -0.5], [0, 0]]),
    intent=np.array([0, 0, 1.0]).reshape(1, 1, 3),
    tampering=np.array([[1, 1]]),
    positions=np.array([[0, 0], [1, 0], [-1, -1]]),
    layers=np.array(["by day", "", ""]),
    map=np.array(["LR", "##"]),
    legend=np.array([["L", "left"], ["R", "right"]]),
)
state, action, next_state = np.nonzero(P)
probability = P[state, action, next_state]

np.savez(FOLDER / "dense.npz", transitions=P, terminals=np.array([2]), **COMMON)
np.savez_compressed(
    FOLDER / "compressed-fortran.npz",
    transitions=np.asfortranarray(P),
    terminals=np.array([False, False, True]),
    **COMMON | dict(reward=np.asfortranarray(COMMON["reward"])),
)
np.savez(
    FOLDER / "by-action-big-endian.npz",
    transitions_by_action=P.swapaxes(0, 1).astype(">f4"),
    terminals=np.array([2], dtype=">i2"),
    **COMMON
    | dict(
        reward=COMMON["reward"].astype(">f8"),
        states=COMMON["states"].astype(">U9"),
        positions=COMMON["positions"].astype(">i8"),
    ),
)
np.savez_compressed(
    FOLDER / "columns.npz",
    state=state.astype("u1"),
    action=action.astype("i1"),
    next_state=next_state.astype("u4"),
    probability=probability.astype("f4"),
    terminates=next_state == 2,
    **COMMON,
)
lengths = (P.reshape(6, 3) != 0).sum(1)
np.savez(
    FOLDER / "compressed-rows.npz",
    indptr=np.concatenate([[0], np.cumsum(lengths)]).astype("u2"),
    indices=next_state.astype("i8"),
    data=probability,
    terminals=np.array(["goal"]),
    **COMMON,
)
