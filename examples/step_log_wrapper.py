"""A Gymnasium wrapper that writes a step log (docs/step-log.md) for `rewardlab audit`."""

import json

import gymnasium
import numpy


class StepLogWrapper(gymnasium.Wrapper):
    """Writes every step; takes the intent and the reward's components from the step's info."""

    def __init__(self, env, path, intent="intent", components="components", **header):
        super().__init__(env)
        self.file = open(path, "x")
        self.keys, self.episode = (intent, components), -1
        name = env.spec.id if env.spec else type(env.unwrapped).__name__
        self.write(format="rewardlab-step-log", version=1, environment=name, **header)

    def write(self, **line):
        self.file.write(json.dumps(line, allow_nan=False) + "\n")

    def reset(self, **options):
        self.episode, self.number = self.episode + 1, 0
        self.observation, info = self.env.reset(**options)
        return self.observation, info

    def step(self, action):
        seen, self.number = self.observation, self.number + 1
        self.observation, reward, terminated, truncated, info = self.env.step(action)
        intent, components = (info.get(key) for key in self.keys)
        end = "terminated" if terminated else "truncated" if truncated else None
        self.write(episode=self.episode, step=self.number - 1, observation=numpy.asarray(seen).tolist(),
                   action=numpy.asarray(action).tolist(), reward=float(reward), components=components,
                   intent=intent, end=end)
        return self.observation, reward, terminated, truncated, info

    def close(self):
        self.file.close()
        super().close()
