"""Trains for a few hundred steps with the wrapper and with the callback, and reads back what they wrote.

Needs gymnasium and stable-baselines3. `python examples/test_step_log.py` checks the files itself;
`--reader COMMAND` runs a command with each file as well, such as
`cargo run --quiet --package logs --example audit_log --`.
"""

import argparse
import json
import math
import pathlib
import shlex
import subprocess
import tempfile

import gymnasium
import numpy
from stable_baselines3 import PPO
from stable_baselines3.common.env_util import make_vec_env
from stable_baselines3.common.vec_env import VecNormalize

from step_log_callback import StepLogCallback
from step_log_wrapper import StepLogWrapper

STEPS = 512


class PaidForSpeed(gymnasium.Wrapper):
    """Pendulum that pays for angular velocity; its own reward is the intent."""

    def step(self, action):
        observation, intent, terminated, truncated, info = self.env.step(action)
        speed, effort = abs(float(observation[2])), -0.01 * float(numpy.square(action).sum())
        info |= {"intent": float(intent), "components": {"speed": speed, "effort": effort}}
        return observation, speed + effort, terminated, truncated, info


def pendulum():
    return PaidForSpeed(gymnasium.make("Pendulum-v1", max_episode_steps=50))


def read(path):
    """The header and the steps of each episode, with the rules of the format checked."""
    header, *steps = (json.loads(line) for line in path.read_text().splitlines())
    assert header["format"] == "rewardlab-step-log" and header["version"] == 1, header
    episodes = {}
    for step in steps:
        episode = episodes.setdefault(step["episode"], [])
        assert step["step"] == len(episode), step
        assert not episode or episode[-1]["end"] is None, step
        assert math.isclose(sum(step["components"].values()), step["reward"], abs_tol=1e-5), step
        episode.append(step)
    return header, episodes


def test_wrapper(folder):
    path = folder / "wrapper.jsonl"
    env = StepLogWrapper(pendulum(), path, components="components", proxy_bounds=[-5, 400])
    PPO("MlpPolicy", env, n_steps=64, seed=0, device="cpu").learn(STEPS)
    env.close()
    header, episodes = read(path)
    assert header["environment"] == "Pendulum-v1" and header["proxy_bounds"] == [-5, 400]
    assert sum(map(len, episodes.values())) == STEPS
    finished = [episode for episode in episodes.values() if episode[-1]["end"]]
    assert len(finished) == STEPS // 50
    assert all(len(episode) == 50 and episode[-1]["end"] == "truncated" for episode in finished)
    first, second = finished[0][:2]
    assert len(first["observation"]) == 3 and len(first["action"]) == 1
    # The observation is the one that the policy saw: the next speed is what the step was paid for.
    assert math.isclose(abs(second["observation"][2]), first["components"]["speed"], rel_tol=1e-5)
    return path


def test_wrapper_with_a_terminal_state(folder):
    path = folder / "terminal.jsonl"
    env = StepLogWrapper(gymnasium.make("CartPole-v1"), path)
    env.reset(seed=0)
    for _ in range(STEPS):
        _, _, terminated, truncated, _ = env.step(0)
        if terminated or truncated:
            env.reset()
    env.close()
    lines = [json.loads(line) for line in path.read_text().splitlines()[1:]]
    assert {line["end"] for line in lines} == {None, "terminated"}
    assert all(line["intent"] is None and line["components"] is None for line in lines)
    return path


def test_callback(folder, normalised):
    path = folder / f"callback-{normalised}.jsonl"
    envs = make_vec_env(pendulum, n_envs=4, seed=0)
    if normalised:
        envs = VecNormalize(envs)
    callback = StepLogCallback(path, environment="Pendulum-v1")
    PPO("MlpPolicy", envs, n_steps=64, seed=0, device="cpu").learn(STEPS, callback=callback)
    header, episodes = read(path)
    assert sum(map(len, episodes.values())) == STEPS
    assert sum(episode[-1]["end"] == "truncated" for episode in episodes.values()) == 4 * (STEPS // 4 // 50)
    for step in (step for episode in episodes.values() for step in episode):
        reward = step["reward"]
        if normalised:
            low, high = header["transforms"][1]["clip"]
            reward = min(max(reward / step["scale"], low), high)
        assert math.isclose(reward, step["received"], rel_tol=1e-5, abs_tol=1e-6), step
    return path


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--reader", help="a command to run with each file")
    parser.add_argument("--keep", help="a folder to leave the files in")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(options.keep or temporary)
        folder.mkdir(parents=True, exist_ok=True)
        paths = [
            test_wrapper(folder),
            test_wrapper_with_a_terminal_state(folder),
            test_callback(folder, normalised=False),
            test_callback(folder, normalised=True),
        ]
        for path in paths:
            if options.reader:
                command = [*shlex.split(options.reader), str(path)]
                finished = subprocess.run(command, capture_output=True, text=True)
                # 1 and 3 are verdicts, 2 is a file that could not be read.
                assert finished.returncode in (0, 1, 3), finished.stderr
                assert finished.stdout, command
            print(f"ok {path.name}")


if __name__ == "__main__":
    main()
