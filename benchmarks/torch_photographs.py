"""Photographs as people hand them to PyTorch, without torchvision."""

from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch.utils.data import Dataset


class Photographs(Dataset[tuple[torch.Tensor, int]]):
    """The files of a folder, of which each sub-folder is a class: squares in colour, from 0 to 1, and their classes."""

    def __init__(self, folder: Path, size: int) -> None:
        self.paths = sorted(path for path in folder.rglob("*.*") if path.is_file())
        self.classes = sorted({path.parent.name for path in self.paths})
        self.size = size

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, place: int) -> tuple[torch.Tensor, int]:
        path = self.paths[place]
        with Image.open(path) as image:
            pixels = np.array(image.convert("RGB").resize((self.size, self.size)))
        return torch.from_numpy(pixels).permute(2, 0, 1).float() / 255, self.classes.index(path.parent.name)
