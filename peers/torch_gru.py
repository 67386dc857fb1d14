"""Seconds of one Adam step through time of a network with a memory in PyTorch, by the fastest way that PyTorch has.

    python peers/torch_gru.py --threads 2

A linear layer with tanh, `torch.nn.GRU` and a linear layer that reads both, as the example `gru_speed` of the crate `nn`:
7 actions and a value, softmax cross-entropy and half the squared value, mean over all rows; the backward pass; Adam.
Nothing is forgotten within a sequence, for `torch.nn.GRU` cannot: theirs has less to do. Acting is one step of as many
rows without gradients. Variants: the single-tensor, the foreach and the fused Adam. `torch.compile` is left out: on a CPU
it takes the unit apart into its steps, and was not done compiling 128 of them after three minutes. Each timing is the
median of several repetitions after a warm-up. The last line of standard output is one JSON object.
"""

import argparse

import torch
from torch import nn

import peer

ACTIONS = 7
CASES = [(119, 64, 16, 128), (119, 64, 64, 128), (119, 256, 64, 128)]
ADAM = {"foreach": {"foreach": True}, "fused": {"fused": True}, "single-tensor": {"foreach": False}}


def main():
    arguments = parse_arguments()
    torch.set_num_threads(arguments.threads)
    results = []
    failures = []
    for inputs, width, sequences, steps in CASES:
        timings = []
        for adam in ADAM:
            try:
                seconds = time_step(inputs, width, sequences, steps, adam, arguments)
                timings.append({"adam": adam, "seconds": seconds})
            except Exception as error:  # a variant that this machine cannot run is reported
                reason = f"{type(error).__name__}: {str(error).splitlines()[0]}"
                failures.append({"width": width, "sequences": sequences, "adam": adam, "reason": reason})
        results.append(
            {
                "inputs": inputs,
                "width": width,
                "sequences": sequences,
                "steps": steps,
                "act_seconds": time_acting(inputs, width, sequences, arguments),
                "fastest": min(timings, key=lambda timing: timing["seconds"]),
                "timings": timings,
            }
        )
    peer.finish(
        {
            "peer": "pytorch",
            "versions": peer.versions(),
            "processor": peer.processor(),
            "threads": torch.get_num_threads(),
            "repetitions": arguments.repetitions,
            "results": results,
            "failures": failures,
        }
    )


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repetitions", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=0.3, help="least time of one repetition")
    return parser.parse_args()


class Remembering(nn.Module):
    """A layer, a gated recurrent unit, and a layer that reads both."""

    def __init__(self, inputs, width):
        super().__init__()
        self.encoder = nn.Linear(inputs, width)
        self.memory = nn.GRU(width, width)
        self.last = nn.Linear(2 * width, ACTIONS + 1)

    def forward(self, inputs, memory):
        encoded = torch.tanh(self.encoder(inputs))
        remembered, memory = self.memory(encoded, memory)
        return self.last(torch.cat([remembered, encoded], dim=-1)), memory


def loss_of(network, inputs, memory, labels):
    outputs, _ = network(inputs, memory)
    outputs = outputs.flatten(0, 1)
    policy = nn.functional.cross_entropy(outputs[:, :ACTIONS], labels)
    return policy + 0.5 * outputs[:, ACTIONS].square().mean()


def data(inputs, width, sequences, steps):
    generator = torch.Generator().manual_seed(0)
    return (
        torch.randn(steps, sequences, inputs, generator=generator),
        torch.zeros(1, sequences, width),
        torch.randint(0, ACTIONS, (steps * sequences,), generator=generator),
    )


def time_step(inputs, width, sequences, steps, adam, arguments):
    """Median seconds of one training step of one variant."""
    torch.manual_seed(0)
    network = Remembering(inputs, width)
    optimizer = torch.optim.Adam(network.parameters(), lr=3e-4, **ADAM[adam])
    batch = data(inputs, width, sequences, steps)

    def step():
        optimizer.zero_grad(set_to_none=True)
        loss_of(network, *batch).backward()
        optimizer.step()

    return peer.median_seconds(step, arguments)


def time_acting(inputs, width, sequences, arguments):
    """Median seconds of one step of all rows without gradients."""
    torch.manual_seed(0)
    network = Remembering(inputs, width)
    observations, memory, _ = data(inputs, width, sequences, 1)

    def act():
        with torch.inference_mode():
            network(observations, memory)

    return peer.median_seconds(act, arguments)


if __name__ == "__main__":
    main()
