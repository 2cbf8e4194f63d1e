"""Which end of a metric is the better one, as far as its name tells."""

import re

_LOWER = re.compile(r"(\w*loss|\w*error|err|mae|mse|rmse|mape|nll|ppl|perplexity|wer|cer|fid|brier)\d*")
_HIGHER = re.compile(
    r"(acc|accuracy|precision|recall|f1|auc|auroc|auprc|map|iou|miou|dice|bleu|rouge\w?|r2|psnr|ssim|mcc|kappa|reward|return)"
    r"\d*"
)
_WORD = re.compile(r"[a-z0-9]+")


def is_lower_better(metric: str) -> bool | None:
    """True of losses and errors, False of accuracies and the like, None where the name tells nothing."""
    words = _WORD.findall(metric.lower())
    if any(_LOWER.fullmatch(word) for word in words):
        return True
    return False if any(_HIGHER.fullmatch(word) for word in words) else None
