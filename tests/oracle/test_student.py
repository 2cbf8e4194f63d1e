"""SciPy as the judge of t tests and of what they stand on."""

import numpy as np
import pytest

stats = pytest.importorskip("scipy.stats")
special = pytest.importorskip("scipy.special")

from nnviz.scores.difference import paired, welch  # noqa: E402
from nnviz.scores.student import incomplete_beta, limit, two_sided  # noqa: E402

pytestmark = pytest.mark.oracle

FREEDOMS = (1, 1.3, 2, 2.7, 5, 17.776, 100, 12345.6)


@pytest.mark.parametrize("freedom", FREEDOMS)
def test_probabilities_and_limits(freedom):
    for t in (0, 1e-9, 0.01, 0.5, 1, 1.96, 4, 20, 300, 1e6):
        assert two_sided(t, freedom) == pytest.approx(2 * stats.t.sf(t, freedom), rel=1e-9, abs=1e-290)
    for share in (0.5, 0.05, 0.01, 1e-6):
        assert limit(share, freedom) == pytest.approx(stats.t.isf(share / 2, freedom), rel=1e-9)


def test_incomplete_beta():
    generator = np.random.default_rng(0)
    for _ in range(500):
        a, b = 10 ** generator.uniform(-1, 3, 2)
        x = generator.uniform()
        assert incomplete_beta(a, b, x, 1 - x) == pytest.approx(special.betainc(a, b, x), rel=1e-9, abs=1e-280)


@pytest.mark.parametrize("seed", range(20))
def test_tests(seed):
    generator = np.random.default_rng(seed)
    first = generator.normal(0.9, 10 ** generator.uniform(-6, 2), generator.integers(2, 9)).tolist()
    second = generator.normal(0.8, 10 ** generator.uniform(-6, 2), generator.integers(2, 9)).tolist()
    many = min(len(first), len(second))
    for found, theirs in (
        (welch(first, second), stats.ttest_ind(first, second, equal_var=False)),
        (paired(first[:many], second[:many]), stats.ttest_rel(first[:many], second[:many])),
    ):
        verdict = found.verdict
        assert (verdict.t, verdict.freedom) == pytest.approx((theirs.statistic, theirs.df), rel=1e-8)
        assert verdict.p == pytest.approx(theirs.pvalue, rel=1e-8)
        assert verdict.interval == pytest.approx(tuple(theirs.confidence_interval(0.95)), rel=1e-8)
