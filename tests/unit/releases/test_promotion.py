import pytest

from deploy.model.problem import Problem
from deploy.releases.promotion import Attestation, attested_good, default_release, promotion_problem


def seen(*statuses: str) -> tuple[Attestation, ...]:
    return tuple(Attestation("1.4.2", f"run-{n}", "2026-01-01", s) for n, s in enumerate(statuses))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("environment", "attestations", "code"),
    [
        ("dev", {}, None),
        ("staging", {}, None),
        ("prod", {}, "not-attested"),
        ("prod", {"dev": seen("good")}, "not-attested"),
        ("prod", {"staging": seen("good")}, None),
        ("prod", {"staging": seen("good", "bad")}, "not-attested"),
        ("prod", {"staging": seen("bad", "good")}, None),
        ("prod", {"staging": (Attestation("1.4.1", "r", "2026-01-01"),)}, "not-attested"),
        ("qa", {"staging": seen("good")}, "unknown-environment"),
    ],
)
def test_promotion(environment: str, attestations: dict[str, tuple[Attestation, ...]], code: str | None) -> None:
    problem = promotion_problem("1.4.2", environment, attestations)
    assert (problem.code if problem else None) == code


def test_order_is_an_argument() -> None:
    order = ("dev", "staging", "uat", "prod")
    problem = promotion_problem("1.4.2", "prod", {"staging": seen("good")}, order)
    assert problem is not None
    assert problem.what == "was not seen good in uat"


def test_never_seen_is_not_good() -> None:
    assert not attested_good("1.4.2", ())


@pytest.mark.parametrize(
    ("environment", "newest", "promoted", "expected"),
    [
        ("dev", "1.5.0", "1.4.2", "1.5.0"),
        ("staging", "1.5.0", "1.4.2", "1.4.2"),
        ("prod", "1.5.0", "1.4.2", "1.4.2"),
        ("dev", None, "1.4.2", "no-release"),
        ("prod", "1.5.0", None, "nothing-promoted"),
    ],
)
def test_release_without_a_name(environment: str, newest: str | None, promoted: str | None, expected: str) -> None:
    found = default_release(environment, newest, promoted)
    assert (found.code if isinstance(found, Problem) else found) == expected
