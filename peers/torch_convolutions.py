"""Seconds of one forward pass and one Adam step of networks of 3 x 3 convolutions in PyTorch, by its fastest way.

    python peers/torch_convolutions.py --threads 2

The networks are those of procedure cloning: 16 x 16 maps of 8 channels, hidden layers of 32 channels or the published
128, 128, 256, 256, and 5 labels for each cell. A step is the forward pass, softmax cross-entropy of every cell, the
backward pass, and Adam. Every variant that works here is timed: eager and `torch.compile`d losses, maps with the channels
first and last; Adam is fused. The fastest variant of each case is the one to compare with. Each timing is the median of
several repetitions after a warm-up. The last line of standard output is one JSON object; what could not run is listed
there with its reason.
"""

import argparse

import torch
from torch import nn

import peer

SIDE, CHANNELS, LABELS = 16, 8, 5
CASES = [(32, [32, 32]), (256, [32, 32]), (32, [128, 128, 256, 256])]
FORMATS = {"channels first": torch.contiguous_format, "channels last": torch.channels_last}
LOSSES = ["eager", "compiled"]


def main():
    arguments = parse_arguments()
    torch.set_num_threads(arguments.threads)
    timings = []
    failures = []
    for batch, hidden in CASES:
        for loss in LOSSES:
            for memory_format in FORMATS:
                variant = {"batch": batch, "hidden": hidden, "loss": loss, "format": memory_format}
                try:
                    forward, step = time_variant(batch, hidden, loss, memory_format, arguments)
                    timings.append({**variant, "forward": forward, "step": step})
                except Exception as error:  # a variant that this machine lacks a compiler for, say, is reported
                    reason = f"{type(error).__name__}: {str(error).splitlines()[0]}"
                    failures.append({**variant, "reason": reason})
    peer.finish(
        {
            "peer": "pytorch",
            "versions": peer.versions(),
            "processor": peer.processor(),
            "threads": torch.get_num_threads(),
            "repetitions": arguments.repetitions,
            "fastest": [fastest(timings, batch, hidden) for batch, hidden in CASES],
            "timings": timings,
            "failures": failures,
        }
    )


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repetitions", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=0.3, help="least time of one repetition")
    return parser.parse_args()


def fastest(timings, batch, hidden):
    """The least median time of one case, forward and step each by its own fastest variant."""
    case = [timing for timing in timings if timing["batch"] == batch and timing["hidden"] == hidden]
    best = {"batch": batch, "hidden": hidden}
    for what in ["forward", "step"]:
        timing = min(case, key=lambda timing: timing[what])
        best[what] = {"seconds": timing[what], "variant": f"{timing['loss']}, {timing['format']}"}
    return best


def network(hidden):
    layers = []
    channels = CHANNELS
    for width in hidden:
        layers += [nn.Conv2d(channels, width, 3, padding=1), nn.ReLU()]
        channels = width
    return nn.Sequential(*layers, nn.Conv2d(channels, LABELS, 3, padding=1))


def time_variant(batch, hidden, loss_name, memory_format, arguments):
    """Median seconds of a forward pass and of a step of one variant."""
    torch.manual_seed(0)
    layers = network(hidden).to(memory_format=FORMATS[memory_format])
    optimizer = torch.optim.Adam(layers.parameters(), lr=3e-4, fused=True)
    maps = torch.randint(0, 2, (batch, CHANNELS, SIDE, SIDE)).float().to(memory_format=FORMATS[memory_format])
    labels = torch.randint(0, LABELS, (batch, SIDE, SIDE))

    def loss_of(maps, labels):
        return nn.functional.cross_entropy(layers(maps), labels)

    def outputs_of(maps):
        return layers(maps)

    if loss_name == "compiled":
        loss_of, outputs_of = torch.compile(loss_of), torch.compile(outputs_of)

    def forward():
        with torch.no_grad():
            outputs_of(maps)

    def step():
        optimizer.zero_grad(set_to_none=True)
        loss_of(maps, labels).backward()
        optimizer.step()

    return peer.median_seconds(forward, arguments), peer.median_seconds(step, arguments)


if __name__ == "__main__":
    main()
