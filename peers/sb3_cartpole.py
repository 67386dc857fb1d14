"""Speed of Stable-Baselines3 PPO on CartPole-v1 at rl-zoo3 settings, and its greedy return.

    python peers/sb3_cartpole.py --threads 1 --seed 0

Only `learn` is timed: no start-up, no evaluation, no logging to disk. One process holds all environments, which is
faster than processes of their own for an environment this cheap. The last line of standard output is one JSON object.
"""

import argparse

import torch

import peer
import sb3_training

ENVIRONMENT = "CartPole-v1"


def main():
    arguments = parse_arguments()
    torch.set_num_threads(arguments.threads)
    model, seconds = sb3_training.train(ENVIRONMENT, arguments.seed)
    returns = sb3_training.greedy_returns(model, ENVIRONMENT, arguments.seed)
    peer.finish(
        {
            "peer": "stable-baselines3",
            "versions": peer.versions(),
            "processor": peer.processor(),
            "environment": ENVIRONMENT,
            "seed": arguments.seed,
            "threads": torch.get_num_threads(),
            "steps": model.num_timesteps,
            "training_seconds": seconds,
            "steps_per_second": model.num_timesteps / seconds,
            "greedy_return": sum(returns) / len(returns),
        }
    )


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


if __name__ == "__main__":
    main()
