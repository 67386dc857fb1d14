"""Behavioural cloning, DAgger, GAIL and AIRL of `imitation` on demonstrations from a file.

    python peers/imitation_scores.py FILE --cache target/evidence/peers/imitation-scores --seeds 1

FILE is what the example `imitation_scores` of the crate `imitation` writes: demonstrations, experts, and the environment steps
that each method may take. The settings are those of the library's own documentation: docs/tutorials/1_train_bc.ipynb to
4_train_airl.ipynb at 1.0.1. Scores are over 100 episodes with actions drawn as in training. Episodes of CartPole and
Acrobot have no fixed length, which the library refuses unless told otherwise; it is told. Each result is a file of its own
in the cache, so that a stopped run goes on where it was; prints one JSON object.
"""

import argparse
import contextlib
import hashlib
import importlib.metadata
import pathlib
import sys
import tempfile
import time

import gymnasium as gym
import numpy as np
import seals  # noqa: F401, it registers its tasks
import torch
from imitation.algorithms import bc, dagger
from imitation.algorithms.adversarial.airl import AIRL
from imitation.algorithms.adversarial.gail import GAIL
from imitation.data import types
from imitation.policies import base as policies
from imitation.rewards.reward_nets import BasicRewardNet, BasicShapedRewardNet
from imitation.util import logger as imitation_logger
from imitation.util.networks import RunningNorm
from stable_baselines3 import PPO
from stable_baselines3.common.evaluation import evaluate_policy
from stable_baselines3.common.vec_env import DummyVecEnv
from stable_baselines3.ppo import MlpPolicy

import peer

METHODS = ["bc", "dagger", "gail", "airl"]
EPISODES = 100
ENVIRONMENTS = 8


class Clipped(gym.ActionWrapper):
    """Clips actions to their bounds, which cloned policies do not keep to."""

    def action(self, action):
        return np.clip(action, self.action_space.low, self.action_space.high)


def versions():
    """Those of the libraries underneath, and of the two that are measured."""
    return {**peer.versions(), **{name: importlib.metadata.version(name) for name in ["imitation", "seals"]}}


def make(name, number, seed):
    """So many environments."""

    def one():
        env = gym.make(name)
        return Clipped(env) if isinstance(env.action_space, gym.spaces.Box) else env

    venv = DummyVecEnv([one] * number)
    venv.seed(seed)
    return venv


def features(venv):
    """What the peer's environment shows for a number of ours: some tasks have features for each state, drawn or one-hot."""
    return getattr(venv.envs[0].unwrapped, "observation_matrix", None)


def trajectories(task, venv):
    """The demonstrations, as the peer has them."""
    seen = features(venv)
    found = []
    for episode in task["demonstrations"]:
        observations = np.array(episode["observations"], dtype=np.float32)
        actions = np.array(episode["actions"], dtype=np.float32)
        if isinstance(venv.observation_space, gym.spaces.Discrete):
            observations = observations[:, 0].astype(int)
        elif seen is not None:
            observations = seen[observations[:, 0].astype(int)].astype(venv.observation_space.dtype)
        if isinstance(venv.action_space, gym.spaces.Discrete):
            actions = actions[:, 0].astype(int)
        found.append(types.Trajectory(obs=observations, acts=actions, infos=None, terminal=True))
    return found


def state_of(task, venv, observation):
    """The number of the state that an observation of a seals task shows."""
    seen = features(venv)
    if seen is not None:
        return int(np.abs(seen - observation).sum(axis=1).argmin())
    if task["gymnasium"] == "seals/NoisyObs-v0":
        return int(observation[1]) * 5 + int(observation[0])
    return int(observation)


class Expert(policies.NonTrainablePolicy):
    """The live expert: the table's action, or the network's best one."""

    def __init__(self, task, venv):
        super().__init__(venv.observation_space, venv.action_space)
        self.choose = by_table(task, venv) if isinstance(task["expert"], list) else by_network(task, venv)

    def _choose_action(self, obs):
        return self.choose(obs)


def by_table(task, venv):
    return lambda observation: task["expert"][state_of(task, venv, observation)]


def by_network(task, venv):
    network = task["expert"]
    layers = [(np.array(layer["weights"]), np.array(layer["biases"])) for layer in network["layers"]]

    def choose(observation):
        values = np.array(observation, dtype=np.float64)
        if network["mean"] is not None:
            scale = np.sqrt(np.array(network["variance"]) + 1e-8)
            values = np.clip((values - np.array(network["mean"])) / scale, -10, 10)
        for weights, biases in layers[:-1]:
            values = np.tanh(values @ weights + biases)
        values = values @ layers[-1][0] + layers[-1][1]
        if isinstance(venv.action_space, gym.spaces.Discrete):
            return int(values.argmax())
        return np.clip(values, venv.action_space.low, venv.action_space.high).astype(np.float32)

    return choose


def quiet():
    """A logger that writes nowhere."""
    return imitation_logger.configure(tempfile.mkdtemp(), format_strs=[])


def cloner(venv, rng, demonstrations):
    return bc.BC(
        observation_space=venv.observation_space,
        action_space=venv.action_space,
        demonstrations=demonstrations,
        rng=rng,
        custom_logger=quiet(),
        device="cpu",
    )


def learn(task, method, seed):
    """The trained policy."""
    rng = np.random.default_rng(seed)
    venv = make(task["gymnasium"], 1 if method in ["bc", "dagger"] else ENVIRONMENTS, seed)
    shown = trajectories(task, venv)
    steps = task["steps"][method]
    if method == "bc":
        trainer = cloner(venv, rng, shown)
        trainer.train(n_epochs=1, progress_bar=False)
        return trainer.policy
    if method == "dagger":
        with tempfile.TemporaryDirectory() as folder:
            trainer = dagger.SimpleDAggerTrainer(
                venv=venv,
                scratch_dir=folder,
                expert_policy=Expert(task, venv),
                bc_trainer=cloner(venv, rng, None),
                rng=rng,
                custom_logger=quiet(),
            )
            trainer.train(steps, bc_train_kwargs={"progress_bar": False})
            return trainer.policy
    settings = {"policy": MlpPolicy, "env": venv, "batch_size": 64, "ent_coef": 0.0, "gamma": 0.95, "n_epochs": 5}
    if method == "gail":
        learner = PPO(learning_rate=0.0004, seed=seed, device="cpu", **settings)
        net, kind, batch, updates = BasicRewardNet, GAIL, 1024, 8
    else:
        learner = PPO(learning_rate=0.0005, clip_range=0.1, vf_coef=0.1, seed=seed, device="cpu", **settings)
        net, kind, batch, updates = BasicShapedRewardNet, AIRL, 2048, 16
    rows = sum(len(episode["actions"]) for episode in task["demonstrations"])
    trainer = kind(
        demonstrations=shown,
        # The library asks for as many demonstrated transitions as a batch has.
        demo_batch_size=min(batch, rows),
        gen_replay_buffer_capacity=512,
        n_disc_updates_per_round=updates,
        venv=venv,
        gen_algo=learner,
        reward_net=net(
            observation_space=venv.observation_space,
            action_space=venv.action_space,
            normalize_input_layer=RunningNorm,
        ),
        allow_variable_horizon=True,
        custom_logger=quiet(),
        init_tensorboard=False,
    )
    # A round takes 8 environments of 2,048 steps, and the library refuses to train for less than one.
    trainer.train(max(steps, ENVIRONMENTS * 2048))
    return trainer.policy


def measure(task, method, seed):
    """Trains and judges one policy."""
    torch.manual_seed(seed)
    started = time.perf_counter()
    with contextlib.redirect_stdout(sys.stderr):
        policy = learn(task, method, seed)
        seconds = time.perf_counter() - started
        judged_in = task.get("judged_in", task["gymnasium"])
        judges = make(judged_in, ENVIRONMENTS, 1_000_000 + seed)
        returns, _ = evaluate_policy(
            policy, judges, n_eval_episodes=EPISODES, deterministic=False, return_episode_rewards=True, warn=False
        )
    found = float(np.mean(returns))
    score = (found - task["random_return"]) / (task["expert_return"] - task["random_return"])
    return {"task": task["task"], "method": method, "seed": seed, "score": score, "seconds": seconds}


def cached(cache, task, method, seed):
    """The cached result, measured first where there is none."""
    key = [pathlib.Path(__file__).read_text(), repr(task), repr(sorted(versions().items()))]
    name = hashlib.sha256("".join(key).encode()).hexdigest()[:12]
    path = cache / f"{task['task']}-{method}-{seed}-{name}.json"
    if not path.exists():
        print(f"{peer.now()} {task['task']} {method} seed {seed}", file=sys.stderr)
        peer.write_atomically(path, measure(task, method, seed))
    return peer.read(path)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=pathlib.Path, help="demonstrations, experts and steps")
    parser.add_argument("--cache", type=pathlib.Path, required=True, help="folder of the results")
    parser.add_argument("--seeds", type=int, default=1)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    tasks = peer.read(arguments.file)["tasks"]
    runs = [
        cached(arguments.cache, task, method, seed)
        for task in tasks
        for method in METHODS
        for seed in range(arguments.seeds)
    ]
    peer.finish({"versions": versions(), "threads": 1, "seeds": arguments.seeds, "runs": runs})


if __name__ == "__main__":
    main()
