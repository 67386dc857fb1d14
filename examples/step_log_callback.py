"""A Stable-Baselines3 callback that writes a step log (docs/step-log.md) for `rewardlab audit`."""

import json

import numpy
from stable_baselines3.common.callbacks import BaseCallback


class StepLogCallback(BaseCallback):
    """Writes every step of one call of learn; intent and components come from the step's info."""

    def __init__(self, path, **header):
        super().__init__()
        self.path, self.header = path, header

    def _on_training_start(self):
        self.file, count = open(self.path, "x"), self.training_env.num_envs
        self.normalise = self.model.get_vec_normalize_env()
        if self.normalise and self.normalise.norm_reward:
            clip = self.normalise.clip_reward
            self.header |= {"transforms": ["normalise", {"clip": [-clip, clip]}]}
        self.write(format="rewardlab-step-log", version=1, **self.header)
        self.episodes, self.numbers, self.latest = list(range(count)), [0] * count, count - 1

    def write(self, **line):
        self.file.write(json.dumps(line, allow_nan=False) + "\n")

    def _on_step(self):
        here, received = self.locals, self.locals["rewards"]
        actions = here.get("clipped_actions", here["actions"])
        scale = float(numpy.sqrt(self.normalise.ret_rms.var + self.normalise.epsilon)) if self.normalise else 1.0
        rewards = self.normalise.get_original_reward() if self.normalise else received
        for i, (done, info) in enumerate(zip(here["dones"], here["infos"])):
            truncated = info.get("TimeLimit.truncated", False)
            self.write(episode=self.episodes[i], step=self.numbers[i], reward=float(rewards[i]),
                       observation=self.model._last_obs[i].tolist(), action=numpy.asarray(actions[i]).tolist(),
                       received=float(received[i]), scale=scale, intent=info.get("intent"),
                       components=info.get("components"),
                       end=("truncated" if truncated else "terminated") if done else None)
            self.numbers[i] += 1
            if done:
                self.latest += 1
                self.episodes[i], self.numbers[i] = self.latest, 0
        return True

    def _on_training_end(self):
        self.file.close()
