"""Each check of a claim passes on the claim and fails on each of its mutants."""

import pytest
from catalogue import HERE, ROOMS, Check, checks, run

CHECKS = [check for room in ROOMS if (HERE / f"{room}.py").exists() for check in checks(room)]
MUTANTS = [(check, mutant) for check in CHECKS for mutant in check.mutants]


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.name)
def test_the_claim_passes(check: Check) -> None:
    run(check)


@pytest.mark.parametrize(
    ("check", "mutant"), MUTANTS, ids=[f"{check.name}: {mutant}" for check, mutant in MUTANTS]
)
def test_a_wrong_claim_is_caught(check: Check, mutant: str) -> None:
    with pytest.raises(AssertionError):
        run(check, mutant)
