"""Forms of data that are not read, and which form of the same can be: one line for each. Light to import."""

from collections.abc import Collection
from pathlib import Path

_PICKLE = "pickle may run anything when it is loaded, so it never is; save the arrays with np.savez(…, x=…, y=…)"
_MATLAB = (
    "MATLAB's files are not read; save the arrays as an .npz file: m = scipy.io.loadmat(…), then np.savez(…, x=…, y=…) "
    "with pictures as (n, height, width, 3), such as m['X'].transpose(3, 0, 1, 2) of SVHN, and m['y']"
)
_HDF5 = "HDF5 is not read; save the arrays as an .npz file: f = h5py.File(…), then np.savez(…, x=f[…], y=f[…])"
_COLUMNS = "not read; save it as .csv, as pandas.read_parquet(…).to_csv(…) does"
_SHEET = "a workbook is not read; save its sheet as .csv"
_ARCHIVE = "an archive; unpack it, and give the folder"
_RECORDS = (
    "TensorFlow's records are not read; save the pictures as files in a folder for each class, or as an .npz file"
)
_JSON = "JSON is not read; save a table as .csv, or give the pictures or texts in a folder for each class"
_SOUND = "sound is not read; give pictures of it, such as spectrograms, or a table of features"

_FORMS = {
    _PICKLE: (".pkl", ".pickle", ".p", ".pt", ".pth", ".joblib"),
    _MATLAB: (".mat",),
    _HDF5: (".h5", ".hdf5", ".hdf"),
    _COLUMNS: (".parquet", ".feather", ".arrow"),
    _SHEET: (".xls", ".xlsx", ".ods"),
    _ARCHIVE: (".zip", ".tar", ".tgz", ".tar.gz", ".tar.bz2", ".tar.xz", ".rar", ".7z"),
    _RECORDS: (".tfrecord", ".tfrecords"),
    _JSON: (".json", ".jsonl", ".ndjson"),
    _SOUND: (".wav", ".mp3", ".flac", ".ogg"),
}
_ADVICE = {suffix: advice for advice, suffixes in _FORMS.items() for suffix in suffixes}

_CIFAR_10 = "pickled CIFAR, which may run anything when it is loaded; get the binary version, cifar-10-binary.tar.gz"
_CIFAR_100 = "pickled CIFAR, which may run anything when it is loaded; get the binary version, cifar-100-binary.tar.gz"


def advice_on(path: Path) -> str | None:
    """What to do with a file of that name instead of giving it; None where nothing is known of such a form."""
    name = path.name.lower()
    return next((advice for suffix, advice in _ADVICE.items() if name.endswith(suffix)), None)


def advice_on_folder(names: Collection[str]) -> str | None:
    """The same of a folder with files of these names; None where they are not known to belong together."""
    if {"data_batch_1", "batches.meta"} & set(names):
        return _CIFAR_10
    return _CIFAR_100 if {"train", "test", "meta"} <= set(names) else None
