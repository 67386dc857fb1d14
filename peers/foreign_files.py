"""Small files of demonstrations as Minari and imitation write them, which the tests of rewardlab read.

    python peers/foreign_files.py crates/demonstrations/tests/data/foreign

They hold what rewardlab reads and never writes itself: chunks, filters, links of large groups, sequences of varying
length, compressed images. `says.json` holds what the libraries read from them.
"""

import json
import logging
import pathlib
import shutil
import sys
import warnings

import datasets
import numpy as np
from gymnasium import spaces

import round_trips


def main(folder):
    """Writes the files, and says what is in them."""
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    datasets.disable_progress_bars()
    folder = pathlib.Path(folder)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    box = spaces.Box(-1.0, 1.0, (3,), np.float32)
    named = spaces.Dict({"z": spaces.Tuple((spaces.Discrete(4), box)), "a": spaces.MultiDiscrete([3, 4])})
    image = spaces.Box(0, 255, (32, 33, 3), np.uint8)
    small = {"compression": "gzip", "compression_opts": 9, "chunks": True}
    listed = {}

    def minari(name, layout, observation, action, lengths, options, jpeg=False):
        path = folder / name
        round_trips.minari_writes(path, layout, observation, action, lengths, jpeg=jpeg)
        if options is not None:
            round_trips.rewritten(path, **options)
        listed[name] = round_trips.minari_says(path)

    minari("chunked", "hdf5", named, spaces.Discrete(3), [3], {"dataset_options": small})
    shuffled = {**small, "shuffle": True}
    minari("shuffled", "hdf5", spaces.Box(-np.inf, np.inf, (2, 3), np.float64), box, [9], {"dataset_options": shuffled})
    links = {"file_options": {"libver": ("v108", "v108")}, "convert": round_trips.big_endian}
    minari("dense", "hdf5", spaces.Discrete(5), spaces.Discrete(3), [1 + index % 3 for index in range(12)], links)
    order = {"file_options": {"track_order": True}, "group_options": {"track_order": True}}
    minari("tracked", "hdf5", spaces.Discrete(5), spaces.Discrete(3), [1] * 9, order)
    minari("images", "hdf5", image, spaces.Discrete(3), [1], None, jpeg=True)
    minari("arrow", "arrow", named, box, [3, 1], None)
    minari("parquet", "parquet", named, box, [3, 1], None)
    path = folder / "imitation"
    random_choices = lambda random, n: random.integers(4, size=n)
    round_trips.imitation_writes(path, lambda random, n: random.normal(size=(n, 2)), random_choices, [3, 1, 2])
    listed["imitation"] = round_trips.imitation_says(path)
    (folder / "says.json").write_text(json.dumps(listed) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
