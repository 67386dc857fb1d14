"""Acrobot and Pendulum of Stable-Baselines3 at rl-zoo3 settings: greedy returns over 100 episodes a seed.

    python peers/sb3_zoo.py --cache target/evidence/peers/sb3-zoo --seeds 10

Ten seeds take about an hour on one core. Each seed's result is a file of its own in the cache, under a key made of
the training script, the versions and the seed, so that a stopped run goes on where it was. The last line of
standard output is one JSON object with every result; progress goes to standard error.
"""

import argparse
import hashlib
import pathlib
import sys
import time

import torch

import peer
import sb3_training

ENVIRONMENTS = ["Pendulum-v1", "Acrobot-v1"]


def main():
    arguments = parse_arguments()
    torch.set_num_threads(1)
    results = []
    for environment in arguments.environments:
        for seed in range(arguments.seeds):
            results.append(cached_result(arguments.cache, environment, seed))
    peer.finish({"peer": "stable-baselines3", "versions": peer.versions(), "results": results})


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cache", type=pathlib.Path, required=True, help="folder of the results")
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--environments", nargs="+", default=ENVIRONMENTS, choices=ENVIRONMENTS)
    return parser.parse_args()


def cached_result(cache, environment, seed):
    """The cached result of one seed, trained first where there is none."""
    path = cache / f"{environment}-{seed}-{cache_key()}.json"
    if not path.exists():
        print(f"{peer.now()} {environment} seed {seed}: training", file=sys.stderr)
        peer.write_atomically(path, measure(environment, seed))
    return peer.read(path)


def cache_key():
    """Changes with the training script and with every version that it runs on."""
    script = pathlib.Path(sb3_training.__file__).read_bytes()
    return hashlib.sha256(script + repr(sorted(peer.versions().items())).encode()).hexdigest()[:12]


def measure(environment, seed):
    """Trains one agent and evaluates it greedily."""
    model, training_seconds = sb3_training.train(environment, seed)
    started = time.perf_counter()
    returns = sb3_training.greedy_returns(model, environment, seed)
    return {
        "environment": environment,
        "seed": seed,
        "greedy_return": sum(returns) / len(returns),
        "greedy_returns": returns,
        "steps": model.num_timesteps,
        "training_seconds": training_seconds,
        "evaluation_seconds": time.perf_counter() - started,
        "torch_threads": torch.get_num_threads(),
        "made_at": peer.now(),
        "processor": peer.processor(),
        "versions": peer.versions(),
        "training_script_sha256": hashlib.sha256(pathlib.Path(sb3_training.__file__).read_bytes()).hexdigest(),
    }


if __name__ == "__main__":
    main()
