"""Small valid sources of every format, from which mutated ones are made."""

import gzip
import io
import struct
import zipfile
from collections.abc import Iterator
from pathlib import PurePosixPath

import numpy as np
from PIL import Image

Files = dict[str, bytes]
"""Path below the source's place → content."""

SUFFIXES = ("png", "jpg", "gif", "webp", "bmp", "tif", "ppm", "ico")
GENERATOR = np.random.default_rng(0)


def seeds() -> dict[str, Files]:
    """Name of the source, which is a file or a folder → its files."""
    found: dict[str, Files] = dict(_tables())
    found |= dict(_npz())
    found["mnist"] = {f"mnist/{name}": content for name, content in _idx().items()}
    found["mnist-packed"] = {
        f"mnist-packed/{name}.gz": gzip.compress(content, mtime=0) for name, content in _idx().items()
    }
    found["emnist"] = {
        f"emnist/emnist-letters-{name.replace('t10k', 'test')}": content for name, content in _idx().items()
    }
    characters = "".join(f"{k} {65 + k} {97 + k}\n" for k in range(4))
    found["emnist"]["emnist/emnist-letters-mapping.txt"] = characters.encode()
    found["qmnist"] = _qmnist()
    found["stl10"] = _stl10()
    found["pairs"] = _pairs()
    found["cifar-10"] = {f"cifar-10/{name}": _cifar(1, 10) for name in ("data_batch_1.bin", "test_batch.bin")}
    found["cifar-10"]["cifar-10/batches.meta.txt"] = "\n".join(f"class{k}" for k in range(10)).encode()
    found["cifar-100"] = {"cifar-100/train.bin": _cifar(2, 100)}
    found |= {f"pictures-{suffix}": _pictures(f"pictures-{suffix}", suffix) for suffix in SUFFIXES}
    found["named"] = {f"named/{name}.{i}.png": _picture(i, "png") for name in ("cat", "dog") for i in range(4)}
    found["inside"] = {
        f"inside/{name}/{role}/{i}.png": _picture(i, "png")
        for name in ("cat", "dog")
        for role in ("train", "test")
        for i in range(3)
    }
    found |= dict(_lists())
    found |= dict(_tables_of_splits())
    texts = {"ham": "see you at five", "spam": "you have won, call 555 now"}
    found["texts"] = {
        f"texts/{name}/{i}.txt": f"{text}, number {i}".encode() for name, text in texts.items() for i in range(4)
    }
    found["mails"] = {
        f"mails/corpus-{role}/{name}/{i}": f"From: {name}\n\n{text}, number {i}".encode()
        for role in ("train", "test")
        for name, text in texts.items()
        for i in range(3)
    }
    found["mails"]["mails/corpus-train/list.txt"] = b"ham/0\nham/1\nspam/0\n"
    return found


def parts_of(path: str, content: bytes) -> Files | None:
    """What is packed in the file, by name; None if nothing is."""
    if path.endswith(".gz"):
        return {"": gzip.decompress(content)}
    if path.endswith(".npz"):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return {name: archive.read(name) for name in archive.namelist()}
    return None


def packed(path: str, parts: Files) -> bytes:
    """The file that holds these parts."""
    if path.endswith(".gz"):
        return gzip.compress(parts[""], mtime=0)
    method = zipfile.ZIP_STORED if "stored" in path else zipfile.ZIP_DEFLATED
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", method) as archive:
        for name, content in parts.items():
            archive.writestr(zipfile.ZipInfo(name), content, method)
    return held.getvalue()


def _tables() -> Iterator[tuple[str, Files]]:
    rows = [
        f"{i},{i * 0.37:.2f},{'red' if i % 3 else 'blue'},{'' if i == 7 else i % 5},{'yes' if i > 20 else 'no'}"
        for i in range(40)
    ]
    plain = "\n".join(["size,weight,colour,age,bought", *rows, ""])
    quoted = 'name;price\n"Smith; ""the"" one";1,5\n' + "".join(f'"n{i % 4}";{i},25\n' for i in range(30))
    tabs = "".join(f"{'ham' if i % 2 else 'spam'}\tword{i % 5} and more\t{i}\n" for i in range(30))
    listed = "".join(f"IMG/{i % 3}.png,{i / 10}\n" for i in range(12))
    yield "plain.csv", {"plain.csv": plain.encode()}
    yield "bom.csv", {"bom.csv": b"\xef\xbb\xbf" + plain.encode()}
    yield "latin.csv", {"latin.csv": plain.replace("red", "grün").encode("latin-1")}
    yield "quoted.csv", {"quoted.csv": quoted.encode()}
    yield "tabs.tsv", {"tabs.tsv": tabs.encode()}
    yield "packed.csv.gz", {"packed.csv.gz": gzip.compress(plain.encode(), mtime=0)}
    images = {f"log/IMG/{i}.png": _picture(i, "png") for i in range(3)}
    yield "log/log.csv", {"log/log.csv": f"image,steering\n{listed}".encode(), **images}


def _tables_of_splits() -> Iterator[tuple[str, Files]]:
    """Folders with a table for each split."""
    news = [f'"{i % 4 + 1}","Title of news {i}","A description of what is new, number {i}."' for i in range(24)]
    numbers = [f"{1 + i // 14},{i * 0.37:.2f},{i * 7 % 31},{'?' if i == 9 else i / 8}" for i in range(40)]
    for name, rows, files in (
        ("news", news, ("train.csv", "test.csv")),
        ("wine", numbers, ("wine.data", "wine.test")),
        ("tabs", [row.replace(",", "\t") for row in numbers], ("train.tsv", "dev.tsv", "test.tsv")),
    ):
        yield name, {f"{name}/{file}": "\n".join(rows[: 40 - 9 * i]).encode() for i, file in enumerate(files)}


def _npz() -> Iterator[tuple[str, Files]]:
    x, y = GENERATOR.integers(0, 256, (20, 6, 5, 3), np.uint8), np.arange(20) % 3
    numbers = GENERATOR.normal(size=(30, 4)).astype(np.float32)
    for name, save in (("stored.npz", np.savez), ("deflated.npz", np.savez_compressed)):
        held = io.BytesIO()
        save(held, x=x, y=y, x_test=x[:5], y_test=y[:5], class_names=np.array(["a", "b", "ç"]))
        yield name, {name: held.getvalue()}
        held = io.BytesIO()
        save(held, x=numbers, y=numbers[:, :2])
        yield f"numbers-{name}", {f"numbers-{name}": held.getvalue()}


def _idx() -> Files:
    images, labels = GENERATOR.integers(0, 256, (30, 7, 6), np.uint8), (np.arange(30) % 4).astype(np.uint8)
    return {
        f"{prefix}-{what}": header + content.tobytes()
        for prefix in ("train", "t10k")
        for what, header, content in (
            ("images-idx3-ubyte", struct.pack(">4B3I", 0, 0, 8, 3, *images.shape), images),
            ("labels-idx1-ubyte", struct.pack(">4BI", 0, 0, 8, 1, len(labels)), labels),
        )
    }


def _qmnist() -> Files:
    labels = np.zeros((30, 8), ">i4")
    labels[:, 0] = np.arange(30) % 4
    return {
        "qmnist/qmnist-train-images-idx3-ubyte": _idx()["train-images-idx3-ubyte"],
        "qmnist/qmnist-train-labels-idx2-int": struct.pack(">4B2I", 0, 0, 12, 2, 30, 8) + labels.tobytes(),
    }


def _stl10() -> Files:
    names = " ".join(f"class{k}" for k in range(10))
    return {
        "stl10/train_X.bin": GENERATOR.integers(0, 256, (4, 3 * 96 * 96), np.uint8).tobytes(),
        "stl10/train_y.bin": bytes([1, 2, 1, 10]),
        "stl10/class_names.txt": names.encode(),
    }


def _pairs() -> Files:
    """An array in each file, as .npy or as the only one of an .npz."""
    files = {}
    for role, n in (("train", 20), ("test", 6)):
        for kind, array in (("imgs", GENERATOR.random((n, 1, 5, 6))), ("labels", np.eye(3)[np.arange(n) % 3])):
            held = io.BytesIO()
            (np.save if role == "train" else np.savez)(held, array)
            files[f"pairs/set-{role}-{kind}.{'npy' if role == 'train' else 'npz'}"] = held.getvalue()
    return files


def _lists() -> Iterator[tuple[str, Files]]:
    """Images in one folder, and a list of their classes."""
    rows_of = {"csv": "{0}.png,{1},{0}", "jsonl": '{{"file_name": "{0}.png", "label": "{1}"}}', "txt": "{0} {1}"}
    for name, row in rows_of.items():
        images = {f"list-{name}/train/{i}.png": _picture(i, "png") for i in range(6)}
        rows = "\n".join(row.format(i, "ab"[i % 2]) for i in range(6))
        header = "file_name,label,number\n" if name == "csv" else ""
        yield f"list-{name}", {**images, f"list-{name}/train/metadata.{name}": (header + rows).encode()}
    images = {f"list-splits/images/{i}.png": _picture(i, "png") for i in range(9)}
    lists = {"train": range(6), "test": range(5, 9)}
    rows_in = {
        f"list-splits/{role}.txt": "".join(f"images/{i}.png {i % 2}\n" for i in some) for role, some in lists.items()
    }
    yield "list-splits", {**images, **{path: rows.encode() for path, rows in rows_in.items()}}


def _cifar(label_bytes: int, classes: int) -> bytes:
    records = GENERATOR.integers(0, 256, (6, label_bytes + 3072), np.uint8)
    records[:, :label_bytes] = np.arange(6)[:, None] % classes
    return records.tobytes()


def _pictures(source: str, suffix: str) -> Files:
    return {
        str(PurePosixPath(source, name, f"{i}.{suffix}")): _picture(i, suffix)
        for name in ("cat", "dog")
        for i in range(3)
    }


def _picture(i: int, suffix: str) -> bytes:
    pixels = GENERATOR.integers(0, 256, (12, 9 + i, 3), np.uint8)
    image = Image.fromarray(pixels)
    if i == 1:
        image = image.convert("P")
    elif i == 2 and suffix in ("png", "webp", "tif", "ico"):
        image.putalpha(image.convert("L"))
    held = io.BytesIO()
    if suffix == "gif":
        image.save(held, "GIF", save_all=True, append_images=[image.rotate(90)])
    else:
        image.convert("RGB" if suffix in ("jpg", "ppm", "bmp") else image.mode).save(
            held, Image.registered_extensions()[f".{suffix}"]
        )
    return held.getvalue()
