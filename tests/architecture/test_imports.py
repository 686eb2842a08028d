"""The import contracts of pyproject.toml hold."""

import subprocess
import sys
import tomllib
from pathlib import Path

from tiktok_ops.env import BASE_DIR

CONTRACTS = tomllib.loads((BASE_DIR / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]


def test_import_only_as_the_contracts_allow() -> None:
    linter = Path(sys.executable).with_name("lint-imports")
    ran = subprocess.run([linter, "--no-cache"], cwd=BASE_DIR, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout
    assert f"Contracts: {len(CONTRACTS)} kept, 0 broken." in ran.stdout


def test_contracts_name_the_layers_the_queue_and_the_vendor() -> None:
    [layers] = [contract["layers"] for contract in CONTRACTS if contract["type"] == "layers"]
    assert layers == ["workflows", "approvals", "agents", "tiktok_ops"]
    forbidden = [contract["forbidden_modules"] for contract in CONTRACTS if contract["type"] == "forbidden"]
    assert ["django_q"] in forbidden
    assert ["anthropic", "httpx2", "httpx", "av"] in forbidden


def test_contracts_let_only_effects_import_what_writes_to_a_provider() -> None:
    [protected] = [contract for contract in CONTRACTS if contract["type"] == "protected"]
    assert protected["protected_modules"] == ["agents.providers.tiktok.write"]
    assert protected["allowed_importers"] == ["workflows.effects"]
