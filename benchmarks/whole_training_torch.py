"""A training script of PyTorch as people write it: a convolutional network on a folder of photographs.

`python -m benchmarks.whole_training_torch FOLDER EPOCHS BATCH RATE` prints the accuracy on those that it did not
train on.
"""

import sys
from pathlib import Path

import torch
from torch import nn
from torch.utils.data import DataLoader, Subset

from benchmarks.torch_photographs import Photographs

SIZE = 32
SHIFT = 4
# Of the examples, for validation, and as many for the test: as nnviz divides a folder without splits.
SHARE = 0.15


class Changed(Photographs):
    """The same, flipped and shifted a little by chance each time that they are shown."""

    def __getitem__(self, place: int) -> tuple[torch.Tensor, int]:
        picture, label = super().__getitem__(place)
        if torch.rand(1) < 0.5:
            picture = picture.flip(2)
        padded = nn.functional.pad(picture, [SHIFT] * 4)
        down, right = torch.randint(0, 2 * SHIFT + 1, (2,)).tolist()
        return padded[:, down : down + SIZE, right : right + SIZE], label


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
    changed, plain = Changed(folder, SIZE), Photographs(folder, SIZE)
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
