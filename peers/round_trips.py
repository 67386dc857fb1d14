"""Demonstrations through Minari and imitation themselves, and back.

    python peers/round_trips.py BINARY FOLDER

BINARY is the example `round_trips` of the crate `demonstrations`. It writes demonstrations in each foreign format, and
the libraries read them here; the libraries write their own, and it reads those; it writes those again, and the libraries
read the copies. At each step every number is compared to the last bit. One JSON object is printed: the versions, and
for each case the first difference, or null.
"""

import importlib.metadata
import json
import logging
import pathlib
import shutil
import subprocess
import sys
import warnings

import datasets
import gymnasium
import h5py
import minari
import numpy as np
from gymnasium import spaces
from imitation.data import serialize, types
from minari.data_collector import EpisodeBuffer
from minari.dataset.minari_storage import MinariStorage

import peer

FORMATS = {"minari": "hdf5", "minari-arrow": "arrow", "minari-parquet": "parquet"}
# An observation of `imitation` is an array; its layout does not say its spaces.
HUGGING_FACE = "hugging-face"


def flat(space, values):
    """The values of a space as rows of numbers: parts one after the other, those of a Dict by name."""
    if isinstance(space, spaces.Dict):
        return np.concatenate([flat(space[key], values[key]) for key in sorted(space.spaces)], axis=1)
    if isinstance(space, spaces.Tuple):
        return np.concatenate([flat(part, value) for part, value in zip(space.spaces, values)], axis=1)
    values = np.asarray(values)
    return values.reshape(len(values), -1).astype(np.float64)


def bounds(array):
    """Bounds in single precision; those that JSON has no word for are texts."""
    array = np.asarray(array, dtype=np.float32).reshape(-1)
    return [float(bound) if np.isfinite(bound) else ("inf" if bound > 0 else "-inf") for bound in array]


def words(space):
    """A space in words that both sides use."""
    if isinstance(space, spaces.Dict):
        return {"parts": [words(space[key]) for key in sorted(space.spaces)]}
    if isinstance(space, spaces.Tuple):
        return {"parts": [words(part) for part in space.spaces]}
    if isinstance(space, spaces.Discrete):
        assert space.start == 0
        return {"choices": int(space.n)}
    if isinstance(space, spaces.MultiDiscrete):
        return {"choices": space.nvec.tolist()}
    if isinstance(space, spaces.MultiBinary):
        return {"choices": [2] * space.n}
    return {"low": bounds(space.low), "high": bounds(space.high), "shape": list(space.shape)}


def numbers(array):
    """Rows of numbers, one after the other; single precision is what rewardlab keeps of observations and actions."""
    return np.asarray(array, dtype=np.float32).reshape(-1).tolist()


def minari_says(path):
    """What Minari reads from a dataset."""
    dataset = minari.MinariDataset(pathlib.Path(path).absolute() / "data")
    episodes = []
    for episode in dataset.iterate_episodes():
        ends = [name for name in ["terminations", "truncations"] if len(episode) and getattr(episode, name)[-1]]
        assert not np.any(episode.terminations[:-1]) and not np.any(episode.truncations[:-1])
        assert len(episode.terminations) == len(episode.truncations) == len(episode.rewards)
        repr(episode)
        episodes.append(
            {
                "observations": numbers(flat(dataset.observation_space, episode.observations)),
                "actions": numbers(flat(dataset.action_space, episode.actions)),
                "rewards": np.asarray(episode.rewards, dtype=np.float64).tolist(),
                "end": ends[0].replace("ions", "ed") if ends else None,
            }
        )
    assert dataset.total_steps == sum(len(episode["rewards"]) for episode in episodes)
    return {
        "observation_space": words(dataset.observation_space),
        "action_space": words(dataset.action_space),
        "episodes": episodes,
    }


def imitation_says(path):
    """What imitation reads from trajectories."""
    episodes = []
    for trajectory in serialize.load(path):
        assert len(trajectory.infos) == len(trajectory.acts)
        assert all(isinstance(info, dict) for info in trajectory.infos)
        rewards = getattr(trajectory, "rews", None)
        episodes.append(
            {
                "observations": numbers(trajectory.obs),
                "actions": numbers(trajectory.acts),
                "rewards": None if rewards is None else np.asarray(rewards, dtype=np.float64).tolist(),
                "end": "terminated" if trajectory.terminal else "truncated",
            }
        )
    return {"episodes": episodes}


def says(case):
    """What the library that a format belongs to reads."""
    return (imitation_says if case["format"] == HUGGING_FACE else minari_says)(case["path"])


def difference(expected, read):
    """The first difference, in words."""
    for key in ["observation_space", "action_space"]:
        if key in read and key in expected and read[key] != expected[key]:
            return f"{key} is {read[key]}, expected {expected[key]}"[:500]
    if len(read["episodes"]) != len(expected["episodes"]):
        return f"{len(read['episodes'])} episodes, expected {len(expected['episodes'])}"
    for index, (ours, theirs) in enumerate(zip(expected["episodes"], read["episodes"])):
        for key in ["observations", "actions", "rewards", "end"]:
            if ours[key] != theirs[key]:
                return f"episode {index}: {key} are {theirs[key]}, expected {ours[key]}"[:500]
    return None


def stacked(space, values):
    """Values of a space as Minari takes them: an array a leaf."""
    if isinstance(space, spaces.Dict):
        return {key: stacked(part, [value[key] for value in values]) for key, part in space.spaces.items()}
    if isinstance(space, spaces.Tuple):
        return tuple(stacked(part, [value[i] for value in values]) for i, part in enumerate(space.spaces))
    return np.asarray(values)


def minari_writes(path, layout, observation, action, lengths, jpeg=False):
    """Writes a dataset of episodes drawn from its spaces, with infos that rewardlab does not need."""
    data = path.absolute() / "data"
    data.mkdir(parents=True)
    storage = MinariStorage.new(data, observation, action, None, layout, jpeg_encoding=jpeg)
    random = np.random.default_rng(0)
    observation.seed(0), action.seed(0)
    buffers = []
    for index, n_steps in enumerate(lengths):
        ended = np.zeros(n_steps, dtype=bool)
        ended[-1] = True
        never = np.zeros(n_steps, dtype=bool)
        buffers.append(
            EpisodeBuffer(
                seed=index,
                options={"level": index},
                observations=stacked(observation, [observation.sample() for _ in range(n_steps + 1)]),
                actions=stacked(action, [action.sample() for _ in range(n_steps)]),
                rewards=random.normal(size=n_steps),
                terminations=ended if index % 2 == 0 else never,
                truncations=ended if index % 2 == 1 else never,
                # Lists: arrays of one number a step are infos that Minari 0.5.4 writes to Arrow and cannot read.
                infos={"note": list(range(n_steps + 1)), "more": {"share": random.normal(size=(n_steps + 1, 2))}},
            )
        )
    storage.update_episodes(buffers)
    storage.update_metadata(
        {
            "dataset_id": "rewardlab/round-trip/expert-v0",
            "minari_version": minari.__version__,
            "author": {"nobody"},
            "algorithm_name": "drawn from the spaces",
        }
    )


def imitation_writes(path, observations, actions, lengths, rewards=True):
    """Saves trajectories drawn by two functions of a generator and a length."""
    random = np.random.default_rng(0)
    trajectories = []
    for index, n_steps in enumerate(lengths):
        fields = {
            "obs": observations(random, n_steps + 1),
            "acts": actions(random, n_steps),
            "infos": np.array([{"note": 1}] * n_steps) if index % 2 else None,
            "terminal": index % 2 == 0,
        }
        if rewards:
            trajectories.append(types.TrajectoryWithRew(rews=random.normal(size=n_steps), **fields))
        else:
            trajectories.append(types.Trajectory(**fields))
    serialize.save(path, trajectories)


def copied(source, target, group_options, dataset_options, convert=lambda array: array):
    """Writes the contents of an HDF5 group again with other options."""
    for name, value in source.attrs.items():
        target.attrs[name] = value
    for name, value in source.items():
        if isinstance(value, h5py.Group):
            copied(value, target.create_group(name, **group_options), group_options, dataset_options, convert)
        else:
            array = convert(value[()])
            options = dataset_options if array.ndim and array.size else {}
            target.create_dataset(name, data=array, **options)


def rewritten(folder, file_options={}, group_options={}, dataset_options={}, convert=lambda array: array):
    """Writes the HDF5 file of a dataset again with other options."""
    path = folder / "data" / "main_data.hdf5"
    before = path.with_suffix(".before")
    path.rename(before)
    with h5py.File(before) as source, h5py.File(path, "w", **file_options) as target:
        copied(source, target, group_options, dataset_options, convert)
    before.unlink()


def big_endian(array):
    """The same numbers in the other byte order."""
    return array if array.dtype == bool else array.astype(array.dtype.newbyteorder(">"))


def write(folder):
    """Writes what the libraries have to say, and says what is in it."""
    box = spaces.Box(-1.0, 1.0, (3,), np.float32)
    mixed = spaces.Box(np.array([-np.inf, -1.5]), np.array([np.inf, 1.5]), dtype=np.float64)
    image = spaces.Box(0, 255, (40, 33, 3), np.uint8)
    small = spaces.Box(0, 255, (7, 6, 3), np.uint8)
    named = spaces.Dict(
        {"z": spaces.Tuple((spaces.Discrete(4), box)), "a": spaces.MultiDiscrete([3, 4]), "m": spaces.MultiBinary(3)}
    )
    several = spaces.Tuple((spaces.Discrete(2), box))
    many = [1 + index % 7 for index in range(40)]
    cases = {
        "discrete": (spaces.Discrete(48), spaces.Discrete(4), [3, 1, 25]),
        "continuous": (mixed, box, [200, 7, 1]),
        "image": (image, spaces.Discrete(3), [5, 2]),
        "small-image": (small, spaces.Discrete(3), [5, 2]),
        "dict-and-tuple": (named, several, [6, 1, 30]),
        "many": (box, spaces.Discrete(3), many),
    }
    listed = []

    def add(case, form, path):
        listed.append({"case": case, "format": form, "path": str(path)})

    for form, layout in FORMATS.items():
        for case, (observation, action, lengths) in cases.items():
            path = folder / form / case
            minari_writes(path, layout, observation, action, lengths)
            add(case, form, path)
        path = folder / form / "jpeg"
        minari_writes(path, layout, image, spaces.Discrete(3), [5, 2], jpeg=True)
        add("jpeg", form, path)
    options = {
        "gzip": {"dataset_options": {"compression": "gzip", "chunks": True}},
        "gzip-shuffle": {"dataset_options": {"compression": "gzip", "shuffle": True, "chunks": True}},
        "tracked-order": {"file_options": {"track_order": True}, "group_options": {"track_order": True}},
        "big-endian": {"convert": big_endian},
        "libver-1.8": {"file_options": {"libver": ("v108", "v108")}},
    }
    for case, option in options.items():
        path = folder / "minari" / case
        minari_writes(path, "hdf5", named, several, many)
        rewritten(path, **option)
        add(case, "minari", path)

    def normal(shape, dtype):
        return lambda random, n: random.normal(size=(n, *shape)).astype(dtype)

    def choices(n_choices, shape=(), dtype=np.int64):
        return lambda random, n: random.integers(n_choices, size=(n, *shape)).astype(dtype)

    for case, arguments in {
        "discrete": (choices(48), choices(4), [3, 1, 25]),
        "continuous": (normal((4,), np.float64), normal((2,), np.float32), [200, 7, 1]),
        "without-rewards": (normal((4,), np.float32), choices(2), [5, 9], False),
        "image": (choices(256, (40, 33, 3), np.uint8), choices(3), [5, 2]),
        "many": (normal((3,), np.float32), choices(3), [1 + index % 7 for index in range(2500)]),
    }.items():
        path = folder / HUGGING_FACE / case
        imitation_writes(path, *arguments)
        add(case, HUGGING_FACE, path)
    for case in listed:
        case["says"] = says(case)
    return listed


def run(binary, command, folder):
    """Runs the other half, and gives the JSON that it prints."""
    printed = subprocess.run([binary, command, folder], check=True, stdout=subprocess.PIPE, text=True).stdout
    return json.loads(printed) if printed.strip() else None


def versions():
    """Versions of the libraries whose files are exchanged."""
    found = peer.versions()
    for package in ["minari", "h5py", "pyarrow", "datasets", "imitation"]:
        found[package] = importlib.metadata.version(package)
    found["hdf5"] = h5py.version.hdf5_version
    return found


def main(binary, folder):
    """Goes all ways, and prints what differed."""
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    datasets.disable_progress_bars()
    folder = pathlib.Path(folder).absolute()
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    results = []

    def add(way, case, found):
        results.append({"way": way, "case": case["case"], "format": case["format"], "difference": found})

    def checked(way, case, expected):
        try:
            found = difference(expected, says(case))
        except Exception as error:  # Whatever a library raises is what is reported.
            found = f"{type(error).__name__}: {error}"[:500]
        add(way, case, found)

    run(binary, "write", str(folder))
    for case in peer.read(folder / "ours.json"):
        checked("rewardlab to library", case, case["says"])
    theirs = write(folder / "theirs")
    peer.write_atomically(folder / "theirs.json", theirs)
    for case in run(binary, "read", str(folder))["cases"]:
        add("library to rewardlab", case, case["difference"])
    expected = {(case["format"], case["case"]): case["says"] for case in theirs}
    for case in peer.read(folder / "again.json"):
        checked("library to rewardlab to library", case, expected[case["format"], case["case"]])
    peer.finish({"versions": versions(), "processor": peer.processor(), "cases": results})


if __name__ == "__main__":
    main(*sys.argv[1:])
