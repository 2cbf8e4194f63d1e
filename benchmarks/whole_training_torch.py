"""A training script of PyTorch as people write it: a convolutional network on a folder of photographs.

`python whole_training_torch.py FOLDER EPOCHS BATCH RATE` prints the accuracy on the examples that it did not train on.
"""

import sys
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import nn
from torch.utils.data import DataLoader, Dataset, Subset

SIZE = 32
SHIFT = 4
# Of the examples, for validation, and as many for the test: as nnviz divides a folder without splits.
SHARE = 0.15


class Photographs(Dataset[tuple[torch.Tensor, int]]):
    """The files of a folder, of which each sub-folder is a class."""

    def __init__(self, folder: Path, augment: bool) -> None:
        self.paths = sorted(path for path in folder.rglob("*.*") if path.is_file())
        self.classes = sorted({path.parent.name for path in self.paths})
        self.augment = augment

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, place: int) -> tuple[torch.Tensor, int]:
        path = self.paths[place]
        with Image.open(path) as image:
            pixels = np.array(image.convert("RGB").resize((SIZE, SIZE)))
        tensor = torch.from_numpy(pixels).permute(2, 0, 1).float() / 255
        if self.augment:
            if torch.rand(1) < 0.5:
                tensor = tensor.flip(2)
            padded = nn.functional.pad(tensor, [SHIFT] * 4)
            down, right = torch.randint(0, 2 * SHIFT + 1, (2,)).tolist()
            tensor = padded[:, down : down + SIZE, right : right + SIZE]
        return (tensor - 0.5) / 0.25, self.classes.index(path.parent.name)


def block(inputs: int, outputs: int) -> list[nn.Module]:
    """A convolution with what follows it."""
    return [nn.Conv2d(inputs, outputs, 3, padding=1), nn.BatchNorm2d(outputs), nn.ReLU(), nn.MaxPool2d(2)]


def accuracy(model: nn.Module, loader: DataLoader[tuple[torch.Tensor, int]]) -> float:
    """The share of right answers."""
    model.eval()
    right = count = 0
    with torch.no_grad():
        for inputs, labels in loader:
            right += int((model(inputs).argmax(1) == labels).sum())
            count += len(labels)
    return right / count


def main() -> None:
    """Train, and print the accuracy."""
    folder, epochs, batch, rate = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4])
    changed, plain = Photographs(folder, augment=True), Photographs(folder, augment=False)
    order = torch.randperm(len(plain)).tolist()
    held = round(SHARE * len(order))
    validation, test, train = order[:held], order[held : 2 * held], order[2 * held :]
    training = DataLoader(Subset(changed, train), batch, shuffle=True, num_workers=2)
    validating, testing = (DataLoader(Subset(plain, part), batch, num_workers=2) for part in (validation, test))
    head = [nn.Flatten(), nn.Linear(32 * 8 * 8, 64), nn.ReLU(), nn.Dropout(0.3), nn.Linear(64, len(plain.classes))]
    model = nn.Sequential(*block(3, 16), *block(16, 32), *head)
    optimizer = torch.optim.Adam(model.parameters(), lr=rate)
    for _ in range(epochs):
        model.train()
        for inputs, labels in training:
            optimizer.zero_grad()
            nn.functional.cross_entropy(model(inputs), labels).backward()
            optimizer.step()
        print(accuracy(model, validating))
    print(accuracy(model, testing))


if __name__ == "__main__":
    main()
