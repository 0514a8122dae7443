"""Amazon S3: objects, versions, conditions, multipart uploads, presigned addresses, and a bucket's settings."""

import hashlib
import io
import json
import urllib.error
import urllib.request

from boto3.s3.transfer import TransferConfig
from kit import contains, pages, policy, refused, same

BUCKET = "drive-objects"
MEBIBYTE = 1024 * 1024


def life_cycle(kit):
    s3 = kit.client("s3")
    s3.create_bucket(Bucket=BUCKET)
    contains([one["Name"] for one in s3.list_buckets()["Buckets"]], BUCKET)
    s3.head_bucket(Bucket=BUCKET)
    with refused("404", 404):
        s3.head_bucket(Bucket="drive-nowhere")
    settings(s3)
    objects(s3)
    conditions(s3)
    versions(s3)
    multipart(s3)
    presigned(kit)
    with refused("BucketNotEmpty", 409):
        s3.delete_bucket(Bucket=BUCKET)
    empty(s3)
    s3.delete_bucket(Bucket=BUCKET)


def settings(s3):
    bucket = dict(Bucket=BUCKET)
    s3.put_bucket_versioning(**bucket, VersioningConfiguration={"Status": "Enabled"})
    same(s3.get_bucket_versioning(**bucket)["Status"], "Enabled")
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
    s3.put_bucket_encryption(**bucket, ServerSideEncryptionConfiguration={"Rules": [rule]})
    contains(json.dumps(s3.get_bucket_encryption(**bucket)["ServerSideEncryptionConfiguration"]), "AES256")
    s3.delete_bucket_encryption(**bucket)
    lifecycle = {"ID": "old", "Status": "Enabled", "Filter": {"Prefix": "tmp/"}, "Expiration": {"Days": 1}}
    s3.put_bucket_lifecycle_configuration(**bucket, LifecycleConfiguration={"Rules": [lifecycle]})
    same(s3.get_bucket_lifecycle_configuration(**bucket)["Rules"][0]["ID"], "old")
    s3.delete_bucket_lifecycle(**bucket)
    with refused("NoSuchLifecycleConfiguration", 404):
        s3.get_bucket_lifecycle_configuration(**bucket)
    document = policy("s3:*", [f"arn:aws:s3:::{BUCKET}/*"], "Deny", Principal="*", Condition={"Bool": {"aws:SecureTransport": "never"}})
    s3.put_bucket_policy(**bucket, Policy=document)
    contains(s3.get_bucket_policy(**bucket)["Policy"], "aws:SecureTransport")
    s3.delete_bucket_policy(**bucket)
    s3.put_bucket_tagging(**bucket, Tagging={"TagSet": [{"Key": "stage", "Value": "test"}]})
    same(s3.get_bucket_tagging(**bucket)["TagSet"], [{"Key": "stage", "Value": "test"}])
    s3.delete_bucket_tagging(**bucket)
    private = dict.fromkeys(["BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"], True)
    s3.put_public_access_block(**bucket, PublicAccessBlockConfiguration=private)
    same(s3.get_public_access_block(**bucket)["PublicAccessBlockConfiguration"], private)
    s3.delete_public_access_block(**bucket)
    s3.put_bucket_ownership_controls(**bucket, OwnershipControls={"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]})
    same(s3.get_bucket_ownership_controls(**bucket)["OwnershipControls"]["Rules"][0]["ObjectOwnership"], "BucketOwnerEnforced")
    s3.put_bucket_notification_configuration(**bucket, NotificationConfiguration={"EventBridgeConfiguration": {}})
    contains(list(s3.get_bucket_notification_configuration(**bucket)), "EventBridgeConfiguration")
    same(s3.get_bucket_acl(**bucket)["Grants"][0]["Permission"], "FULL_CONTROL")
    s3.get_bucket_location(**bucket)


def objects(s3):
    key = dict(Bucket=BUCKET, Key="a b/\u00fcber+plus.txt")
    s3.put_object(**key, Body=b"hello", ContentType="text/plain", Metadata={"who": "drive"}, ChecksumAlgorithm="SHA256")
    head = s3.head_object(**key, ChecksumMode="ENABLED")
    same((head["ContentLength"], head["ContentType"], head["Metadata"]), (5, "text/plain", {"who": "drive"}))
    got = s3.get_object(**key, Range="bytes=1-3")
    same((got["Body"].read(), got["ContentRange"]), (b"ell", "bytes 1-3/5"))
    same(s3.get_object_attributes(**key, ObjectAttributes=["ObjectSize", "ETag"])["ObjectSize"], 5)
    s3.put_object_tagging(**key, Tagging={"TagSet": [{"Key": "stage", "Value": "test"}]})
    same(s3.get_object_tagging(**key)["TagSet"], [{"Key": "stage", "Value": "test"}])
    s3.delete_object_tagging(**key)
    s3.copy_object(Bucket=BUCKET, Key="copy", CopySource=key)
    listed = pages(s3, "list_objects_v2", "Contents", Bucket=BUCKET, PaginationConfig={"PageSize": 1})
    same(sorted(one["Key"] for one in listed), ["a b/\u00fcber+plus.txt", "copy"])
    same([one["Prefix"] for one in s3.list_objects_v2(Bucket=BUCKET, Delimiter="/")["CommonPrefixes"]], ["a b/"])
    same(len(pages(s3, "list_objects", "Contents", Bucket=BUCKET, PaginationConfig={"PageSize": 1})), 2)
    with refused("NoSuchKey", 404):
        s3.get_object(Bucket=BUCKET, Key="nowhere")
    with refused("InvalidRange", 416):
        s3.get_object(**key, Range="bytes=10-")


def conditions(s3):
    key = dict(Bucket=BUCKET, Key="ledger.json")
    etag = s3.put_object(**key, Body=b"1", IfNoneMatch="*")["ETag"]
    with refused("PreconditionFailed", 412):
        s3.put_object(**key, Body=b"2", IfNoneMatch="*")
    s3.put_object(**key, Body=b"2", IfMatch=etag)
    with refused("PreconditionFailed", 412):
        s3.put_object(**key, Body=b"3", IfMatch=etag)
    same(s3.get_object(**key)["Body"].read(), b"2")
    with refused("304", 304):
        s3.get_object(**key, IfNoneMatch=s3.head_object(**key)["ETag"])


def versions(s3):
    key = dict(Bucket=BUCKET, Key="versioned")
    first = s3.put_object(**key, Body=b"first")["VersionId"]
    s3.put_object(**key, Body=b"second")
    same(s3.get_object(**key, VersionId=first)["Body"].read(), b"first")
    marker = s3.delete_object(**key)
    same(marker["DeleteMarker"], True)
    with refused("NoSuchKey", 404):
        s3.get_object(**key)
    s3.delete_object(**key, VersionId=marker["VersionId"])
    same(s3.get_object(**key)["Body"].read(), b"second")
    same(len(pages(s3, "list_object_versions", "Versions", Bucket=BUCKET, Prefix="versioned", PaginationConfig={"PageSize": 1})), 2)


def multipart(s3):
    body = bytes(range(256)) * (6 * MEBIBYTE // 256)
    small_parts = TransferConfig(multipart_threshold=5 * MEBIBYTE, multipart_chunksize=5 * MEBIBYTE)
    s3.upload_fileobj(io.BytesIO(body), BUCKET, "large", Config=small_parts)
    received = io.BytesIO()
    s3.download_fileobj(BUCKET, "large", received, Config=small_parts)
    same(hashlib.sha256(received.getvalue()).hexdigest(), hashlib.sha256(body).hexdigest(), "bytes of the large object")

    key = dict(Bucket=BUCKET, Key="assembled")
    upload = dict(**key, UploadId=s3.create_multipart_upload(**key, ChecksumAlgorithm="CRC32")["UploadId"])
    same(len(pages(s3, "list_multipart_uploads", "Uploads", Bucket=BUCKET)), 1)
    source = dict(Bucket=BUCKET, Key="large")
    copied = s3.upload_part_copy(**upload, PartNumber=1, CopySource=source, CopySourceRange=f"bytes=0-{5 * MEBIBYTE - 1}")
    last = s3.upload_part(**upload, PartNumber=2, Body=b"tail")
    same([part["PartNumber"] for part in pages(s3, "list_parts", "Parts", **upload)], [1, 2])
    parts = [{"PartNumber": number, "ETag": part["ETag"], "ChecksumCRC32": part["ChecksumCRC32"]}
             for number, part in ((1, copied["CopyPartResult"]), (2, last))]
    with refused("InvalidPartOrder", 400):
        s3.complete_multipart_upload(**upload, MultipartUpload={"Parts": parts[::-1]})
    s3.complete_multipart_upload(**upload, MultipartUpload={"Parts": parts})
    same(s3.head_object(**key)["ContentLength"], 5 * MEBIBYTE + 4)
    given_up = s3.create_multipart_upload(Bucket=BUCKET, Key="never")["UploadId"]
    s3.abort_multipart_upload(Bucket=BUCKET, Key="never", UploadId=given_up)
    with refused("NoSuchUpload", 404):
        s3.list_parts(Bucket=BUCKET, Key="never", UploadId=given_up)


def presigned(kit):
    key = dict(Bucket=BUCKET, Key="presigned")
    # Signature version 2 is what boto3 still signs addresses with in the oldest region, where nothing else is asked for.
    for s3 in (kit.client("s3", signature_version="s3v4"), kit.client("s3")):
        put = s3.generate_presigned_url("put_object", Params={**key, "ContentType": "text/plain"}, ExpiresIn=60)
        headers = {"Content-Type": "text/plain"}
        urllib.request.urlopen(urllib.request.Request(put, data=b"by address", headers=headers, method="PUT")).read()
        get = s3.generate_presigned_url("get_object", Params=key, ExpiresIn=60)
        same(urllib.request.urlopen(get).read(), b"by address")
        try:
            urllib.request.urlopen(get.replace("presigned?", "other?"))
        except urllib.error.HTTPError as error:
            same(error.code, 403, "status of an address that was changed")
            contains(error.read().decode(), "SignatureDoesNotMatch")
        else:
            raise AssertionError("an address that was changed still opens")


def empty(s3):
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=BUCKET):
        found = page.get("Versions", []) + page.get("DeleteMarkers", [])
        entries = [{"Key": one["Key"], "VersionId": one["VersionId"]} for one in found]
        if entries:
            same(s3.delete_objects(Bucket=BUCKET, Delete={"Objects": entries, "Quiet": True}).get("Errors", []), [])
