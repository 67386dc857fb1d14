"""Trains and evaluates PPO of Stable-Baselines3 at the settings of rl-zoo3.

The settings are those of `hyperparams/ppo.yml` in rl-zoo3; what a preset leaves out has the default
of Stable-Baselines3 (batch 64, learning rate 3e-4, clip 0.2). `normalize: true` there means VecNormalize
over observations and rewards with the discount of the preset, as it does here. Nothing in here prints.

The text of this file is part of the key under which results are cached, so keep other things out of it.
"""

import time

from stable_baselines3 import PPO
from stable_baselines3.common.env_util import make_vec_env
from stable_baselines3.common.evaluation import evaluate_policy
from stable_baselines3.common.vec_env import VecNormalize

EVALUATION_EPISODES = 100
EVALUATION_ENVIRONMENTS = 10
EVALUATION_SEED_OFFSET = 1_000_000


def linear(start):
    """A schedule that falls linearly from `start` to 0 as training proceeds (rl-zoo3's `lin_`)."""
    return lambda progress_remaining: progress_remaining * start


PRESETS = {
    "CartPole-v1": {
        "steps": 100_000,
        "environments": 8,
        "normalize": False,
        "ppo": lambda: {
            "n_steps": 32,
            "batch_size": 256,
            "gae_lambda": 0.8,
            "gamma": 0.98,
            "n_epochs": 20,
            "ent_coef": 0.0,
            "learning_rate": linear(1e-3),
            "clip_range": linear(0.2),
        },
    },
    "Acrobot-v1": {
        "steps": 1_000_000,
        "environments": 16,
        "normalize": True,
        "ppo": lambda: {
            "n_steps": 256,
            "gae_lambda": 0.94,
            "gamma": 0.99,
            "n_epochs": 4,
            "ent_coef": 0.0,
        },
    },
    "Pendulum-v1": {
        "steps": 100_000,
        "environments": 4,
        "normalize": False,
        "ppo": lambda: {
            "n_steps": 1024,
            "gae_lambda": 0.95,
            "gamma": 0.9,
            "n_epochs": 10,
            "ent_coef": 0.0,
            "learning_rate": 1e-3,
            "clip_range": 0.2,
            "use_sde": True,
            "sde_sample_freq": 4,
        },
    },
}


def train(environment, seed):
    """Trains at the preset of `environment`; gives the model and the seconds that `learn` alone took."""
    preset = PRESETS[environment]
    settings = preset["ppo"]()
    training = make_vec_env(environment, n_envs=preset["environments"], seed=seed)
    if preset["normalize"]:
        training = VecNormalize(training, gamma=settings["gamma"])
    model = PPO("MlpPolicy", training, seed=seed, device="cpu", **settings)
    started = time.perf_counter()
    model.learn(total_timesteps=preset["steps"])
    return model, time.perf_counter() - started


def greedy_returns(model, environment, seed):
    """Undiscounted returns of 100 fresh episodes, the most likely action taken at every step."""
    fresh = make_vec_env(environment, n_envs=EVALUATION_ENVIRONMENTS, seed=EVALUATION_SEED_OFFSET + 1_000 * seed)
    statistics = model.get_vec_normalize_env()
    if statistics is not None:
        fresh = VecNormalize(fresh, training=False, norm_reward=False)
        fresh.obs_rms = statistics.obs_rms
    returns, _ = evaluate_policy(
        model, fresh, n_eval_episodes=EVALUATION_EPISODES, deterministic=True, return_episode_rewards=True
    )
    return [float(value) for value in returns]
