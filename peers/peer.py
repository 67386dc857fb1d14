"""What every peer script reports beside its numbers: versions, threads, machine, time."""

import datetime
import importlib.metadata
import json
import os
import pathlib
import platform
import statistics
import sys
import time

PACKAGES = ["torch", "stable-baselines3", "gymnasium", "numpy"]


def versions():
    """Versions of Python and of the packages that the numbers depend on."""
    found = {"python": platform.python_version()}
    for package in PACKAGES:
        found[package] = importlib.metadata.version(package)
    return found


def processor():
    """The processor's model name and the number of cores that this process may use."""
    name = platform.processor()
    information = pathlib.Path("/proc/cpuinfo")
    if information.exists():
        for line in information.read_text().splitlines():
            if line.startswith("model name"):
                name = line.split(":", 1)[1].strip()
                break
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return {"model": name, "cores": cores}


def now():
    """The time in UTC, to the second."""
    return datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def write_atomically(path, value):
    """Writes `value` as JSON so that a kill leaves either the old file or the new one."""
    path = pathlib.Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(f".{os.getpid()}.partial")
    partial.write_text(json.dumps(value, indent=1) + "\n")
    os.replace(partial, path)


def read(path):
    """The JSON value in a file."""
    return json.loads(pathlib.Path(path).read_text())


def finish(value):
    """Prints the one JSON object that the evidence reads."""
    json.dump(value, sys.stdout)
    print()


def median_seconds(call, arguments):
    """Median over `arguments.repetitions` of the seconds of a call, each over `arguments.seconds` of calls."""
    for _ in range(5):
        call()
    started = time.perf_counter()
    call()
    calls = max(3, int(arguments.seconds / max(time.perf_counter() - started, 1e-6)))
    seconds = []
    for _ in range(arguments.repetitions):
        started = time.perf_counter()
        for _ in range(calls):
            call()
        seconds.append((time.perf_counter() - started) / calls)
    return statistics.median(seconds)
