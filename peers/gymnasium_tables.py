"""Writes the transition tables of Gymnasium's toy text, and of seals' tabular diagnostics, that `crates/envs` is tested against.

    python peers/gymnasium_tables.py toy-text crates/envs/src/toy_text/fixtures
    python peers/gymnasium_tables.py seals crates/envs/src/seals/fixtures

writes one text file for each table. The second needs `pip install --no-deps seals==0.2.1`, which asks for an older
Gymnasium than the tables are written with.

A file has, after a comment, these lines:

    size STATES ACTIONS
    start PROBABILITY STATE STATE ...        one line for each probability; FIRST-LAST stands for a run of states
    row PROBABILITY,OFFSET,REWARD,END ...    the ways on, in Gymnasium's order; OFFSET is next state - state,
                                             END is 1 where the environment terminates
    state ROW ROW ...                        for each state in order, the row of each action by its number, from 0

Numbers have 17 digits where they need them, so that they are read back exactly. Files whose name ends in `fickle`
hold what Gymnasium's Taxi does in a step, and not its table, when the passenger is about to choose another destination:
each possible draw of the random generator was tried.
"""

import importlib.metadata
import pathlib
import sys

import gymnasium
import numpy as np

TOY_TEXT = {
    "frozen_lake_4x4": ("FrozenLake-v1", {"map_name": "4x4"}),
    "frozen_lake_8x8": ("FrozenLake-v1", {"map_name": "8x8"}),
    "frozen_lake_4x4_dry": ("FrozenLake-v1", {"map_name": "4x4", "is_slippery": False}),
    "frozen_lake_8x8_dry": ("FrozenLake-v1", {"map_name": "8x8", "is_slippery": False}),
    "frozen_lake_4x4_set": (
        "FrozenLake-v1",
        {"map_name": "4x4", "success_rate": 0.7, "reward_schedule": (10, -5, -0.1)},
    ),
    "taxi": ("Taxi-v4", {}),
    "taxi_rainy": ("Taxi-v4", {"is_rainy": True}),
    "taxi_rainy_set": ("Taxi-v4", {"is_rainy": True, "rainy_probability": 0.55}),
    "cliff_walking": ("CliffWalking-v1", {}),
    "cliff_walking_slippery": ("CliffWalking-v1", {"is_slippery": True}),
}
FICKLE = {
    "taxi_fickle": {"fickle_passenger": True},
    "taxi_rainy_fickle": {"fickle_passenger": True, "is_rainy": True},
}
SEALS = {
    "risky_path": ("risky_path", "RiskyPathEnv", {}),
    "branching": ("branching", "BranchingEnv", {}),
    "branching_3x4": ("branching", "BranchingEnv", {"branch_factor": 3, "length": 4}),
    "early_termination_positive": ("early_term", "EarlyTermPosEnv", {}),
    "early_termination_negative": ("early_term", "EarlyTermNegEnv", {}),
    "initial_shift": ("init_shift", "InitShiftTrainEnv", {}),
    "cliff_world_7x4": ("cliff_world", "CliffWorldEnv", {"width": 7, "height": 4, "horizon": 9, "use_xy_obs": False}),
    "cliff_world_15x6": ("cliff_world", "CliffWorldEnv", {"width": 15, "height": 6, "horizon": 18, "use_xy_obs": False}),
    # The registered seals/Random-v0.
    "random_transitions": (
        "random_trans",
        "RandomTransitionEnv",
        {
            "n_states": 16,
            "n_actions": 3,
            "branch_factor": 2,
            "horizon": 20,
            "random_obs": True,
            "obs_dim": 5,
            "generator_seed": 42,
        },
    ),
}


def number(value):
    return repr(float(value)).removesuffix(".0")


def runs(states):
    """`3 5-8` for 3, 5, 6, 7, 8."""
    words, first = [], None
    for state, following in zip(states, states[1:] + [None]):
        first = state if first is None else first
        if following != state + 1:
            words.append(str(state) if first == state else f"{first}-{state}")
            first = None
    return " ".join(words)


def write(path, title, start, table):
    """`table[state][action]` is a list of (probability, next state, reward, terminated)."""
    n_states, n_actions = len(table), len(table[0])
    starts = {}
    for state, probability in enumerate(start):
        if probability > 0:
            starts.setdefault(number(probability), []).append(state)
    rows, states = {}, []
    for state in range(n_states):
        numbers = []
        for action in range(n_actions):
            row = " ".join(
                f"{number(p)},{int(next_state) - state},{number(reward)},{int(terminated)}"
                for p, next_state, reward, terminated in table[state][action]
            )
            numbers.append(str(rows.setdefault(row, len(rows))))
        states.append("state " + " ".join(numbers))
    lines = [f"# {title}", f"size {n_states} {n_actions}"]
    lines += [f"start {probability} {runs(which)}" for probability, which in starts.items()]
    lines += [f"row {row}" for row in rows]
    path.write_text("\n".join(lines + states) + "\n")


class Draws:
    """Stands for a random generator; answers with what it was told, and notes how many answers a choice had."""

    def __init__(self, uniform, choice):
        self.uniform, self.choice_index, self.n_choices = uniform, choice, 1

    def random(self):
        return self.uniform

    def choice(self, values):
        self.n_choices = len(values)
        return values[self.choice_index]


def fickle_outcomes(environment, state, action):
    """Every outcome of a step of Taxi with a passenger who is about to choose again."""
    outcomes = []
    cumulative = 0.0
    for probability, *_ in environment.P[state][action]:
        middle, cumulative = cumulative + probability / 2, cumulative + probability
        choice, n_choices = 0, 1
        while choice < n_choices:
            draws = Draws(middle, choice)
            environment._np_random = draws
            environment.s, environment.fickle_step = state, True
            next_state, reward, terminated, _, _ = environment.step(action)
            n_choices = draws.n_choices
            outcomes.append((probability / n_choices, next_state, reward, terminated))
            choice += 1
    return outcomes


def toy_text(folder):
    version = f"gymnasium {importlib.metadata.version('gymnasium')}"
    for file_name, (name, settings) in TOY_TEXT.items():
        environment = gymnasium.make(name, **settings).unwrapped
        title = f"{name} {settings or ''}".rstrip()
        write(folder / f"{file_name}.txt", f"{title}, {version}", environment.initial_state_distrib, environment.P)
    for file_name, settings in FICKLE.items():
        environment = gymnasium.make("Taxi-v4", **settings).unwrapped
        table = [[fickle_outcomes(environment, state, action) for action in range(6)] for state in range(500)]
        title = f"Taxi-v4 {settings}, steps of a passenger about to choose again, {version}"
        write(folder / f"{file_name}.txt", title, environment.initial_state_distrib, table)


def seals(folder):
    for file_name, (module, name, settings) in SEALS.items():
        module = __import__(f"seals.diagnostics.{module}", fromlist=[name])
        environment = getattr(module, name)(**settings)
        matrix = environment.transition_matrix
        n_states, n_actions, _ = matrix.shape
        # seals pays for the state that is left, and ends where `terminal` says so after the step.
        table = [
            [
                [
                    (matrix[state, action, successor], successor, environment.reward(state, action, successor),
                     environment.terminal(successor, 0))
                    for successor in np.flatnonzero(matrix[state, action])
                ]
                for action in range(n_actions)
            ]
            for state in range(n_states)
        ]
        title = f"seals {name} {settings or ''}".rstrip()
        write(folder / f"{file_name}.txt", f"{title}, seals 0.2.1", environment.initial_state_dist, table)


if __name__ == "__main__":
    {"toy-text": toy_text, "seals": seals}[sys.argv[1]](pathlib.Path(sys.argv[2]))
