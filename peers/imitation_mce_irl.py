"""Times maximum causal entropy inverse reinforcement learning in `imitation` on MDPs from a file.

Takes the file that the example `mce_irl` of the crate `imitation` writes, and prints one JSON object: for each MDP, each
reward model and each learning rate the seconds to the peer's own stopping rule, and how near it came. The expert's visits
are those of the peer's own soft-optimal policy for the true reward.
"""

import sys
import time

import numpy as np
import torch as th
from imitation.algorithms import mce_irl
from imitation.rewards import reward_nets
from seals import base_envs

import peer

# The library's default, and faster ones: the peer counts at its best.
LEARNING_RATES = [0.01, 0.1, 0.5]
MOST_ITERATIONS = 2000


def environment(problem, settings):
    """The MDP, with one-hot observations."""
    n_states, n_actions = settings["n_states"], settings["n_actions"]
    return base_envs.TabularModelPOMDP(
        transition_matrix=np.array(problem["transitions"]).reshape(n_states, n_actions, n_states),
        observation_matrix=np.eye(n_states, dtype=np.float32),
        reward_matrix=np.array(problem["rewards"]),
        horizon=settings["horizon"],
        initial_state_dist=np.array(problem["start"]),
    )


def fit(problem, settings, model, learning_rate):
    """Seconds of training, and the greatest difference between visits of states."""
    env = environment(problem, settings)
    _, expert = mce_irl.mce_occupancy_measures(env)
    th.manual_seed(0)
    reward = reward_nets.BasicRewardNet(
        env.observation_space,
        env.action_space,
        use_action=False,
        use_next_state=False,
        hid_sizes=settings["hidden"] if model == "network" else [],
    )
    learner = mce_irl.MCEIRL(
        expert,
        env,
        reward,
        np.random.default_rng(0),
        optimizer_kwargs={"lr": learning_rate},
        linf_eps=settings["tolerance"],
        log_interval=None,
    )
    started = time.perf_counter()
    visits = learner.train(max_iter=MOST_ITERATIONS)
    return time.perf_counter() - started, float(np.abs(visits - expert).max())


def main():
    settings = peer.read(sys.argv[1])
    threads = int(sys.argv[2])
    th.set_num_threads(threads)
    rows = []
    for problem in settings["problems"]:
        for model in ["linear", "network"]:
            for learning_rate in LEARNING_RATES:
                seconds, error = fit(problem, settings, model, learning_rate)
                rows.append(
                    {
                        "seed": problem["seed"],
                        "model": model,
                        "learning_rate": learning_rate,
                        "seconds": seconds,
                        "state_visits_error": error,
                    }
                )
    peer.finish({"versions": peer.versions(), "threads": threads, "runs": rows})


if __name__ == "__main__":
    main()
