"""Seconds of soft value iteration over a finite horizon in the library `imitation`, on an MDP read from a folder.

    python peers/imitation_soft_value_iteration.py FOLDER --states 1000 --actions 4 --successors 4 --horizon 50

The folder holds what the example `soft_value_iteration_speed` of crate `mdp` wrote: `next_states.u32`,
`probabilities.f64` and `rewards.f64`. The function timed is `imitation.algorithms.mce_irl.mce_partition_fh` itself, on
the dense transition matrix that it takes. It looks at a few attributes of its environment alone, so a plain namespace
stands in for one. The last line of standard output is one JSON object: seconds of every repetition and the values
before the first step.
"""

import argparse
import importlib.metadata
import pathlib
import time
import types

import numpy as np
from imitation.algorithms.mce_irl import mce_partition_fh

import peer


def main():
    arguments = parse_arguments()
    environment = read(arguments)
    values, _, _ = mce_partition_fh(environment, discount=arguments.discount)
    seconds = []
    for _ in range(arguments.repetitions):
        started = time.perf_counter()
        mce_partition_fh(environment, discount=arguments.discount)
        seconds.append(time.perf_counter() - started)
    versions = peer.versions() | {name: importlib.metadata.version(name) for name in ["imitation", "scipy"]}
    peer.finish(
        {
            "peer": "imitation",
            "versions": versions,
            "processor": peer.processor(),
            "seconds": seconds,
            "values": values[0].tolist(),
        }
    )


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--states", type=int, required=True)
    parser.add_argument("--actions", type=int, required=True)
    parser.add_argument("--successors", type=int, required=True)
    parser.add_argument("--horizon", type=int, required=True)
    parser.add_argument("--discount", type=float, default=0.99)
    parser.add_argument("--repetitions", type=int, default=5)
    return parser.parse_args()


def read(arguments):
    """The MDP with the attributes that `mce_partition_fh` reads."""
    shape = (arguments.states, arguments.actions, arguments.successors)
    next_states = np.fromfile(arguments.folder / "next_states.u32", dtype="<u4").reshape(shape)
    probabilities = np.fromfile(arguments.folder / "probabilities.f64", dtype="<f8").reshape(shape)
    transitions = np.zeros((arguments.states, arguments.actions, arguments.states))
    np.put_along_axis(transitions, next_states.astype(np.int64), probabilities, axis=2)
    return types.SimpleNamespace(
        horizon=arguments.horizon,
        state_dim=arguments.states,
        action_dim=arguments.actions,
        transition_matrix=transitions,
        reward_matrix=np.fromfile(arguments.folder / "rewards.f64", dtype="<f8"),
    )


if __name__ == "__main__":
    main()
