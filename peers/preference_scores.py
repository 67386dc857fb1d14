"""Learning from preferences with `imitation` on CartPole and Pendulum.

    python peers/preference_scores.py --cache target/evidence/peers/preference-scores --seeds 1

`documented` has the settings of the library's docs/tutorials/5_train_preference_comparisons.ipynb at 1.0.1, with the episodes
of CartPole, which have no fixed length, allowed as its own configuration `cartpole` does. `best` takes the 60 iterations that
the tutorial calls better, an oracle without noise, and in CartPole what the library's documents advise: episodes of
a fixed length, as seals/CartPole-v0 has, and the optimiser of rl-baselines3-zoo. Comparisons and steps of the agent are as given;
the steps that the library takes beside them to draw fragments of are not counted against it. Scores are returns in
Gymnasium's own environments over 100 episodes with actions drawn as in training. Each result is a file of its own in the
cache; prints one JSON object.
"""

import argparse
import importlib.metadata
import pathlib
import tempfile
import time

import gymnasium as gym
import numpy as np
import seals  # noqa: F401, it registers its tasks
import torch
from imitation.algorithms import preference_comparisons
from imitation.policies.base import FeedForward32Policy, NormalizeFeaturesExtractor
from imitation.rewards.reward_nets import BasicRewardNet
from imitation.util import logger as imitation_logger
from imitation.util.networks import RunningNorm
from imitation.util.util import make_vec_env
from stable_baselines3 import PPO
from stable_baselines3.common.evaluation import evaluate_policy
from stable_baselines3.common.vec_env import DummyVecEnv

import peer

TASKS = {"cart-pole": "CartPole-v1", "pendulum": "Pendulum-v1"}
SETTINGS = ["documented", "best"]
EPISODES = 100


def versions():
    """Those of the libraries underneath, and of the two that are measured."""
    return {**peer.versions(), **{name: importlib.metadata.version(name) for name in ["imitation", "seals"]}}


def agent_of(task, settings, venv, seed):
    """The optimiser."""
    if task == "cart-pole" and settings == "best":
        return PPO(
            "MlpPolicy",
            venv,
            seed=seed,
            device="cpu",
            n_steps=32,
            batch_size=256,
            gae_lambda=0.8,
            gamma=0.98,
            n_epochs=20,
            ent_coef=0.0,
            learning_rate=lambda left: 1e-3 * left,
            clip_range=lambda left: 0.2 * left,
        )
    return PPO(
        policy=FeedForward32Policy,
        policy_kwargs=dict(
            features_extractor_class=NormalizeFeaturesExtractor,
            features_extractor_kwargs=dict(normalize_class=RunningNorm),
        ),
        env=venv,
        seed=seed,
        device="cpu",
        n_steps=2048 // venv.num_envs,
        batch_size=64,
        ent_coef=0.01,
        learning_rate=2e-3,
        clip_range=0.1,
        gae_lambda=0.95,
        gamma=0.97,
        n_epochs=10,
    )


def trainer_of(task, settings, seed):
    """The agent, and what trains it."""
    rng = np.random.default_rng(seed)
    is_fixed = task == "cart-pole" and settings == "best"
    venv = make_vec_env("seals/CartPole-v0" if is_fixed else TASKS[task], rng=rng)
    reward_net = BasicRewardNet(venv.observation_space, venv.action_space, normalize_input_layer=RunningNorm)
    agent = agent_of(task, settings, venv, seed)
    trainer = preference_comparisons.PreferenceComparisons(
        preference_comparisons.AgentTrainer(
            algorithm=agent, reward_fn=reward_net, venv=venv, exploration_frac=0.05, rng=rng
        ),
        reward_net,
        num_iterations=60 if settings == "best" else 5,
        fragmenter=preference_comparisons.RandomFragmenter(warning_threshold=0, rng=rng),
        preference_gatherer=preference_comparisons.SyntheticGatherer(
            temperature=0 if settings == "best" else 1, rng=rng
        ),
        reward_trainer=preference_comparisons.BasicRewardTrainer(
            preference_model=preference_comparisons.PreferenceModel(reward_net),
            loss=preference_comparisons.CrossEntropyRewardLoss(),
            epochs=3,
            rng=rng,
        ),
        fragment_length=100,
        transition_oversampling=1,
        initial_comparison_frac=0.1,
        allow_variable_horizon=task == "cart-pole",
        initial_epoch_multiplier=4,
        query_schedule="hyperbolic",
        custom_logger=imitation_logger.configure(tempfile.mkdtemp(), format_strs=[]),
    )
    return agent, trainer


def score(policy, task, seed):
    """Mean return over the evaluation's episodes."""
    venv = DummyVecEnv([lambda: gym.wrappers.RecordEpisodeStatistics(gym.make(TASKS[task]))] * 8)
    venv.seed(1_000_000 + seed)
    mean, _ = evaluate_policy(policy, venv, n_eval_episodes=EPISODES, deterministic=False, warn=False)
    return float(mean)


def measure(task, settings, seed, arguments):
    """One training: its returns before and after, and its seconds; or why it could not be."""
    agent, trainer = trainer_of(task, settings, seed)
    untrained = score(agent.policy, task, seed)
    began = time.perf_counter()
    error = None
    try:
        trainer.train(total_timesteps=arguments.steps, total_comparisons=arguments.comparisons)
    except ValueError as refused:
        error = str(refused)
    seconds = time.perf_counter() - began
    return {
        "task": task,
        "settings": settings,
        "seed": seed,
        "untrained": untrained,
        "on_preferences": None if error else score(agent.policy, task, seed),
        "seconds": None if error else seconds,
        "error": error,
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cache", required=True, type=pathlib.Path)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--steps", type=int, default=100_000)
    parser.add_argument("--comparisons", type=int, default=700)
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    runs = []
    for task in TASKS:
        for settings in SETTINGS:
            for seed in range(arguments.seeds):
                sizes = f"{arguments.steps}-{arguments.comparisons}-{arguments.threads}"
                path = arguments.cache / f"{task}-{settings}-{sizes}-{seed}.json"
                if not path.exists():
                    peer.write_atomically(path, measure(task, settings, seed, arguments))
                runs.append(peer.read(path))
    peer.finish(
        {
            "runs": runs,
            "steps": arguments.steps,
            "comparisons": arguments.comparisons,
            "threads": arguments.threads,
            "versions": versions(),
            "processor": peer.processor(),
        }
    )


if __name__ == "__main__":
    main()
