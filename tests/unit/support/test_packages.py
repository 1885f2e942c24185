"""Packages of a template's code: what is uploaded, and that it depends on nothing but content."""

import io
import json
import os
import zipfile
from pathlib import Path

import pytest

from tests.support.packages import package_template, read_template, zip_folder
from tests.support.s3 import running_s3_store

TEMPLATE = """
AWSTemplateFormatVersion: 2010-09-09
Resources:
  Layer: {Type: AWS::Serverless::LayerVersion, Properties: {ContentUri: layer}}
  Ingest: {Type: AWS::Serverless::Function, Properties: {CodeUri: function, Role: !GetAtt R.Arn}}
  Enrich: {Type: AWS::Serverless::Function, Properties: {CodeUri: function}}
  Made: {Type: AWS::Serverless::Function, Properties: {CodeUri: s3://elsewhere/made}}
  Queue: {Type: AWS::SQS::Queue}
"""


@pytest.fixture
def template(tmp_path: Path) -> Path:
    """A template as `sam build` leaves it, next to a layer and a function."""
    for folder in ("layer/python", "function"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "layer" / "python" / "lib.py").write_text("MARK = 1")
    (tmp_path / "function" / "handler.py").write_text("import lib")
    path = tmp_path / "template.yaml"
    path.write_text(TEMPLATE)
    return path


def test_same_content_gives_the_same_bytes(template: Path) -> None:
    """Neither a file's time nor the order in which files were made is in the package."""
    folder = template.parent / "layer"
    before = zip_folder(folder)

    (folder / "later.py").touch()
    os.utime(folder / "python" / "lib.py", (0, 2_000_000_000))
    (folder / "later.py").unlink()

    assert zip_folder(folder) == before


def test_package_holds_the_folder_and_what_may_be_run(template: Path) -> None:
    """Names are relative to the folder; a program stays one."""
    folder = template.parent / "layer"
    (folder / "run").touch(mode=0o755)

    archive = zipfile.ZipFile(io.BytesIO(zip_folder(folder)))

    modes = {entry.filename: oct(entry.external_attr >> 16) for entry in archive.infolist()}
    assert modes == {"python/lib.py": "0o644", "run": "0o755"}


def test_each_content_is_uploaded_once(template: Path) -> None:
    """Two functions of one folder share an object; what is in S3 already stays where it is."""
    with running_s3_store() as store:
        s3, bucket = store.client(), store.new_bucket()
        document = json.loads(package_template(template, s3, bucket))
        objects = s3.list_objects_v2(Bucket=bucket).get("Contents", [])

    properties = {name: part.get("Properties") for name, part in document["Resources"].items()}
    assert len(objects) == 2
    assert properties["Ingest"]["CodeUri"] == properties["Enrich"]["CodeUri"]
    assert properties["Made"]["CodeUri"] == "s3://elsewhere/made"
    assert properties["Ingest"]["Role"] == {"Fn::GetAtt": ["R", "Arn"]}


def test_short_forms_are_spelled_out(tmp_path: Path) -> None:
    """CloudFormation's tags are no YAML that JSON could carry."""
    path = tmp_path / "template.yaml"
    path.write_text("a: !Ref B\nc: !Sub ['${D}', {D: !GetAtt E.F.G}]\nh: !If [I, !Ref J, 1]\n")

    document = read_template(path)

    assert document == {
        "a": {"Ref": "B"},
        "c": {"Fn::Sub": ["${D}", {"D": {"Fn::GetAtt": ["E", "F.G"]}}]},
        "h": {"Fn::If": ["I", {"Ref": "J"}, 1]},
    }
