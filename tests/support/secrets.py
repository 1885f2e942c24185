"""A secret in moto's Secrets Manager, as a stack names it: by its ARN."""

import json
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING

import boto3

from tests.support.functions import REGION

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager.client import SecretsManagerClient

_numbers = count(1)


@dataclass(slots=True)
class StoredSecret:
    """One secret; it is created with its first text, inside of `mock_aws`."""

    text: str
    client: "SecretsManagerClient" = field(init=False)
    arn: str = field(init=False)

    def __post_init__(self) -> None:
        """Create it, under a name of its own."""
        self.client = boto3.client("secretsmanager", region_name=REGION)
        name = f"fleettickets-{next(_numbers)}"
        self.arn = self.client.create_secret(Name=name, SecretString=self.text)["ARN"]

    def change(self, text: str) -> None:
        """Give it another text, as a rotation does."""
        self.client.put_secret_value(SecretId=self.arn, SecretString=text)


def an_rds_secret(**overrides: object) -> str:
    """Return the JSON that RDS writes; None leaves a part out."""
    parts: dict[str, object] = {
        "engine": "postgres",
        "host": "db.cluster-abc.eu-west-1.rds.amazonaws.com",
        "port": 5432,
        "username": "fleettickets",
        "password": "s3cret",
        "dbname": "tracksolid_db",
        "dbClusterIdentifier": "db",
    }
    chosen = parts | overrides
    return json.dumps({name: value for name, value in chosen.items() if value is not None})
