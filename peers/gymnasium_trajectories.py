"""Records the reference trajectories of Gymnasium's classic control that `crates/envs` is tested against.

    python peers/gymnasium_trajectories.py crates/envs/src/classic/fixtures

writes one CSV file for each environment: 1,000 steps of random actions, then some of a simple controller that
reaches the ends which random play does not. A row is a step, or, with `start` for an action, the situation in
which an episode begins. Initial states have 17 digits, so that they are read back exactly; later states 10,
observations 7.
"""

import importlib.metadata
import math
import pathlib
import sys

import gymnasium
import numpy as np

SEED = 20261124
RANDOM_STEPS = 1000


def random_choice(n):
    return lambda rng, state: int(rng.integers(n))


def random_force(bound):
    # A quarter beyond the bound, so that clipping is recorded too.
    return lambda rng, state: np.array([rng.uniform(-1.25 * bound, 1.25 * bound)], dtype=np.float32)


def drifting_balance(rng, state):
    """Balances the pole a little off the vertical, so that the cart runs off the track."""
    _, velocity, angle, angular_velocity = state
    return int(angle + 0.4 * angular_velocity + 0.02 * velocity > 0.03)


def with_the_velocity(rng, state):
    return 2 if state[1] >= 0 else 0


def with_the_velocity_softly(rng, state):
    return np.array([math.copysign(0.9, state[1])], dtype=np.float32)


def pump(rng, state):
    """Drives the second link against the swing of the first, which pumps energy in."""
    return 0 if state[2] > 0 else 2


def balance(rng, state):
    """Swings up by energy and holds."""
    angle = (state[0] + math.pi) % (2 * math.pi) - math.pi
    if abs(angle) < 0.6:
        torque = -(12.0 * angle + 3.0 * state[1])
    else:
        energy = 0.5 * state[1] ** 2 / 3 + 5 * (math.cos(angle) - 1)
        torque = -2.0 * energy * state[1]
    return np.array([np.clip(torque, -2.0, 2.0)], dtype=np.float32)


# File name, Gymnasium name, random policy, controller, steps of the controller.
RECORDED = [
    ("cart_pole", "CartPole-v1", random_choice(2), drifting_balance, 150),
    ("mountain_car", "MountainCar-v0", random_choice(3), with_the_velocity, 250),
    ("mountain_car_continuous", "MountainCarContinuous-v0", random_force(1.0), with_the_velocity_softly, 250),
    ("acrobot", "Acrobot-v1", random_choice(3), pump, 200),
    ("pendulum", "Pendulum-v1", random_force(2.0), balance, 200),
]


def numbers(values, digits):
    return [f"{float(value):.{digits}g}" for value in values]


def record(environment, policy, n_steps, rng):
    """Rows of at least `n_steps` steps, whole episodes as Gymnasium's time limit leaves them, but for the last."""
    rows = []
    n_taken = 0
    while n_taken < n_steps:
        observation, _ = environment.reset(seed=int(rng.integers(2**31)))
        state = environment.unwrapped.state
        rows.append(["start", "", "", *numbers(state, 17), *numbers(observation, 7)])
        end = ""
        while not end and n_taken < n_steps:
            action = policy(rng, state)
            observation, reward, terminated, truncated, _ = environment.step(action)
            state = environment.unwrapped.state
            end = "terminated" if terminated else "truncated" if truncated else ""
            shown = numbers(action, 9)[0] if isinstance(action, np.ndarray) else str(action)
            rows.append(
                [shown, f"{float(reward):.17g}", end]
                + numbers(state, 10)
                + numbers(observation, 7)
            )
            n_taken += 1
    return rows


def main(folder):
    for file_name, name, random_policy, controller, n_controlled in RECORDED:
        rng = np.random.default_rng(SEED)
        environment = gymnasium.make(name)
        rows = record(environment, random_policy, RANDOM_STEPS, rng)
        rows += record(environment, controller, n_controlled, rng)
        n_state = len(environment.unwrapped.state)
        n_observation = environment.observation_space.shape[0]
        header = ["action", "reward", "end"]
        header += [f"state_{i}" for i in range(n_state)]
        header += [f"observation_{i}" for i in range(n_observation)]
        versions = ", ".join(
            f"{package} {importlib.metadata.version(package)}" for package in ["gymnasium", "numpy"]
        )
        lines = [f"# {name}, seed {SEED}, {versions}", ",".join(header)]
        lines += [",".join(row) for row in rows]
        (pathlib.Path(folder) / f"{file_name}.csv").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main(sys.argv[1])
