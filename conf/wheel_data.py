"""Put the data that ships with the book into a wheel; a checkout uses its own folder `data/`."""

from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

# README.md holds the data's licences, and names whom they ask to name.
SHIPPED = ["README.md", "statements", "activations", "registry.txt"]


class WheelData(BuildHookInterface):
    """Adds the data to the wheels that are installed, not to those that only point here."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version == "standard":
            for name in SHIPPED:
                build_data["force_include"][f"data/{name}"] = f"activations/_data/{name}"
