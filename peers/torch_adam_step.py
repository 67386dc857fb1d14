"""Seconds of one Adam step of a policy and a value network in PyTorch, by the fastest way that PyTorch has.

    python peers/torch_adam_step.py --threads 2

The networks are 8-64-64-4 and 8-64-64-1 with tanh. A step is what PPO does with a minibatch: forward passes, the
clipped policy loss, the value loss and the entropy, the backward pass, clipping of the gradient's norm, Adam. Every
variant that works here is timed: eager and `torch.compile`d losses, the single-tensor, foreach and fused Adam, the
networks' loss joined (one backward pass). The fastest variant at each batch size is the one to compare with. Each
timing is the median of several repetitions after a warm-up. The last line of standard output is one JSON object;
what could not run is listed there with its reason.
"""

import argparse

import torch
from torch import nn

import peer

OBSERVATIONS, HIDDEN, ACTIONS = 8, 64, 4
CLIP, VALUE_COEFFICIENT, ENTROPY_COEFFICIENT, GRADIENT_NORM = 0.2, 0.5, 0.01, 0.5
ADAM = {"foreach": {"foreach": True}, "fused": {"fused": True}, "single-tensor": {"foreach": False}}
LOSSES = ["eager", "compiled"]


def main():
    arguments = parse_arguments()
    torch.set_num_threads(arguments.threads)
    timings = []
    failures = []
    for batch in arguments.batches:
        for loss in LOSSES:
            for adam in ADAM:
                try:
                    seconds = time_variant(batch, loss, adam, arguments)
                    timings.append({"batch": batch, "loss": loss, "adam": adam, "seconds": seconds})
                except Exception as error:  # a variant that this machine lacks a compiler for, say, is reported
                    reason = f"{type(error).__name__}: {str(error).splitlines()[0]}"
                    failures.append({"batch": batch, "loss": loss, "adam": adam, "reason": reason})
    peer.finish(
        {
            "peer": "pytorch",
            "versions": peer.versions(),
            "processor": peer.processor(),
            "threads": torch.get_num_threads(),
            "repetitions": arguments.repetitions,
            "fastest": [fastest(timings, batch) for batch in arguments.batches],
            "timings": timings,
            "failures": failures,
        }
    )


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--batches", type=int, nargs="+", default=[64, 4096])
    parser.add_argument("--repetitions", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=0.3, help="least time of one repetition")
    return parser.parse_args()


def fastest(timings, batch):
    """The variant with the least median time at one batch size."""
    return min((timing for timing in timings if timing["batch"] == batch), key=lambda timing: timing["seconds"])


class PolicyAndValue(nn.Module):
    """Two networks without shared layers, as PPO of Stable-Baselines3 has them."""

    def __init__(self):
        super().__init__()
        self.policy = network(ACTIONS)
        self.value = network(1)

    def forward(self, observations):
        return self.policy(observations), self.value(observations).squeeze(-1)


def network(outputs):
    return nn.Sequential(
        nn.Linear(OBSERVATIONS, HIDDEN),
        nn.Tanh(),
        nn.Linear(HIDDEN, HIDDEN),
        nn.Tanh(),
        nn.Linear(HIDDEN, outputs),
    )


def ppo_loss(networks, batch):
    """The clipped surrogate, the value loss and the entropy bonus over one minibatch."""
    observations, actions, old_log_probabilities, advantages, returns = batch
    logits, values = networks(observations)
    log_probabilities = torch.log_softmax(logits, dim=-1)
    taken = log_probabilities.gather(1, actions.unsqueeze(1)).squeeze(1)
    ratio = torch.exp(taken - old_log_probabilities)
    surrogate = torch.min(ratio * advantages, ratio.clamp(1 - CLIP, 1 + CLIP) * advantages).mean()
    entropy = -(log_probabilities.exp() * log_probabilities).sum(dim=-1).mean()
    value_loss = (values - returns).square().mean()
    return -surrogate + VALUE_COEFFICIENT * value_loss - ENTROPY_COEFFICIENT * entropy


def random_batch(size):
    generator = torch.Generator().manual_seed(0)
    return (
        torch.randn(size, OBSERVATIONS, generator=generator),
        torch.randint(0, ACTIONS, (size,), generator=generator),
        torch.full((size,), -1.386),
        torch.randn(size, generator=generator),
        torch.randn(size, generator=generator),
    )


def time_variant(size, loss_name, adam_name, arguments):
    """Median seconds of one step of one variant."""
    torch.manual_seed(0)
    networks = PolicyAndValue()
    parameters = list(networks.parameters())
    optimizer = torch.optim.Adam(parameters, lr=3e-4, eps=1e-5, **ADAM[adam_name])
    batch = random_batch(size)
    loss_function = torch.compile(ppo_loss) if loss_name == "compiled" else ppo_loss

    def step():
        optimizer.zero_grad(set_to_none=True)
        loss_function(networks, batch).backward()
        nn.utils.clip_grad_norm_(parameters, GRADIENT_NORM)
        optimizer.step()

    for _ in range(20):
        step()
    return peer.median_seconds(step, arguments)


if __name__ == "__main__":
    main()
