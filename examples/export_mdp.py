"""Writes finite MDPs for `rewardlab check` (docs/mdp-files.md), from Gymnasium's toy text and from NumPy arrays.

Needs numpy, and gymnasium for its environments. `python examples/export_mdp.py FOLDER` writes frozen-lake.npz,
cliff-walking.npz, taxi.npz and chain.npz there.
"""

import pathlib
import sys

import numpy


def from_gymnasium(env, discount, **more):
    """The arrays of an environment that lists its dynamics as `P[state][action] = [(p, next_state, reward, end)]`.

    `more` holds arrays beside these, such as `intent=...` with one value a transition, [S], [S, A] or [S, A, S].
    """
    env = env.unwrapped
    rows = [
        (state, action, *outcome)
        for state, actions in env.P.items()
        for action, outcomes in actions.items()
        for outcome in outcomes
    ]
    state, action, probability, next_state, reward, end = map(numpy.array, zip(*rows))
    return dict(
        states=int(env.observation_space.n),
        actions=int(env.action_space.n),
        discount=discount,
        start=numpy.asarray(env.initial_state_distrib),
        state=state,
        action=action,
        next_state=next_state,
        probability=probability,
        terminates=end.astype(bool),
        reward=reward.astype(float),
        **more,
    )


def chain(n_states, discount):
    """A walk to the right end, paid for each step to the right although only the arrival is meant."""
    transitions = numpy.zeros((n_states, 2, n_states))
    # Nothing is done in the last state, as episodes end there: its rows stay zero, in rewards too.
    for state in range(n_states - 1):
        transitions[state, 0, max(state - 1, 0)] = 1
        transitions[state, 1, state + 1] = 1
    intent = numpy.zeros((n_states, 2, n_states))
    intent[:-1, :, -1] = 1
    return dict(
        states=numpy.array([f"cell {state}" for state in range(n_states)]),
        actions=numpy.array(["left", "right"]),
        discount=discount,
        start=0,
        transitions=transitions,
        terminals=numpy.array([n_states - 1]),
        reward=numpy.array([[0.0, 1.0]] * (n_states - 1) + [[0.0, 0.0]]),
        intent=intent,
        positions=numpy.array([(state, 0) for state in range(n_states)]),
    )


def main(folder):
    import gymnasium

    folder.mkdir(parents=True, exist_ok=True)
    for name in ["FrozenLake", "CliffWalking", "Taxi"]:
        version = max(spec.version for spec in gymnasium.registry.values() if spec.name == name)
        env = gymnasium.make(f"{name}-v{version}")
        stem = "".join("-" + letter.lower() if letter.isupper() else letter for letter in name).strip("-")
        numpy.savez_compressed(folder / f"{stem}.npz", **from_gymnasium(env, discount=0.99))
    numpy.savez(folder / "chain.npz", **chain(5, discount=0.9))


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else "."))
