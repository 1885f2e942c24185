"""Packages of a SAM template's code: zip files that depend on nothing but what is in them."""

import hashlib
import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_EARLIEST = (1980, 1, 1, 0, 0, 0)  # the oldest time that a zip file can hold
# What is uploaded, by resource type: folders, and the file of a state machine's definition.
_LOCATIONS = {
    "AWS::Serverless::Function": "CodeUri",
    "AWS::Serverless::LayerVersion": "ContentUri",
    "AWS::Serverless::StateMachine": "DefinitionUri",
}


def package_template(template: Path, s3: "S3Client", bucket: str) -> str:
    """Upload the code that the template names, and return it, as JSON, with the new places."""
    document = read_template(template)
    for resource in document["Resources"].values():
        name = _LOCATIONS.get(resource["Type"])
        location = resource.get("Properties", {}).get(name)
        if isinstance(location, str) and not location.startswith("s3://"):
            place = _upload(template.parent / location, s3, bucket)
            resource["Properties"][name] = f"s3://{bucket}/{place}"
    return json.dumps(document, default=str)  # a version date is read as a date


def read_template(template: Path) -> dict[str, Any]:
    """Return a CloudFormation template with its short forms (`!Sub`) spelled out (`Fn::Sub`)."""
    return yaml.load(template.read_text(), _TemplateLoader)  # noqa: S506 - a safe loader's child


def zip_folder(folder: Path) -> bytes:
    """Return a zip file of a folder: the same bytes for the same names and contents."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for file in sorted(_files_below(folder)):
            entry = zipfile.ZipInfo(file.relative_to(folder).as_posix(), _EARLIEST)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = (0o755 if file.stat().st_mode & 0o100 else 0o644) << 16
            archive.writestr(entry, file.read_bytes())
    return packed.getvalue()


def _files_below(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.is_file())


def _upload(path: Path, s3: "S3Client", bucket: str) -> str:
    content = zip_folder(path) if path.is_dir() else path.read_bytes()
    key = hashlib.sha256(content).hexdigest()
    if not s3.list_objects_v2(Bucket=bucket, Prefix=key).get("KeyCount"):
        s3.put_object(Bucket=bucket, Key=key, Body=content)
    return key


class _TemplateLoader(yaml.SafeLoader):
    """Reads CloudFormation's short forms."""


def _construct_short_form(loader: _TemplateLoader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    name = suffix if suffix in {"Ref", "Condition"} else f"Fn::{suffix}"
    if isinstance(node, yaml.ScalarNode):
        text = loader.construct_scalar(node)
        return {name: str(text).split(".", 1) if suffix == "GetAtt" else text}
    if isinstance(node, yaml.SequenceNode):
        return {name: loader.construct_sequence(node, deep=True)}
    assert isinstance(node, yaml.MappingNode)
    return {name: loader.construct_mapping(node, deep=True)}


_TemplateLoader.add_multi_constructor("!", _construct_short_form)
