"""What environments have seen of a store's releases: promotions and attestations."""

import json
from dataclasses import asdict
from typing import Literal

from deploy.model.problem import Refused
from deploy.releases.manifest import canonical, damaged
from deploy.releases.promotion import Attestation, Promotion
from deploy.releases.stored import Stored


class Records(Stored):
    """`promotions/<env>.json` and `attestations/<env>.jsonl`."""

    def promotions(self, environment: str) -> tuple[Promotion, ...]:
        """Every promotion to the environment, oldest first."""
        value = self._json(f"promotions/{environment}.json", absent={"history": []})
        return tuple(Promotion(**item) for item in value["history"])

    def promoted(self, environment: str) -> str | None:
        """Name of the release that deploys to the environment get by default."""
        return next((item.release for item in reversed(self.promotions(environment))), None)

    def promote(self, release: str, environment: str, who: str, at: str) -> None:
        """Records a promotion; `at` is UTC, ISO 8601. The caller has asked `promotion_problem`."""
        history = (*self.promotions(environment), Promotion(release, who, at))
        value = {"format": 1, "history": [asdict(item) for item in history]}
        self._files.write(f"promotions/{environment}.json", canonical(value), new=False)

    def attested(self, environment: str) -> tuple[Attestation, ...]:
        """What was seen good, or marked bad, in the environment, oldest first."""
        where = f"attestations/{environment}.jsonl"
        try:
            return tuple(Attestation(**json.loads(line)) for line in (self._files.read(where) or b"").splitlines())
        except (ValueError, TypeError) as exc:
            raise Refused(damaged(self._place(where), "is not a list of attestations")) from exc

    def attest(
        self, environment: str, release: str, run: str, at: str, status: Literal["good", "bad"] = "good"
    ) -> None:
        """Records that a release was seen good, or marks it bad; `at` is UTC, ISO 8601."""
        where = f"attestations/{environment}.jsonl"
        line = json.dumps(asdict(Attestation(release, run, at, status)), sort_keys=True)
        self._files.write(where, (self._files.read(where) or b"") + line.encode() + b"\n", new=False)
