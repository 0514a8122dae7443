"""Pushes a file as a Python program does. Usage: boto3-push.py upload|presign <bucket> <key> [<file>]"""

import sys

import boto3
from botocore.config import Config

how, bucket, key, *rest = sys.argv[1:]
s3 = boto3.client("s3", config=Config(s3={"addressing_style": "path"}, signature_version="s3v4"))
if how == "upload":
    # The transfer manager sends more than 8 MiB in parts.
    s3.upload_file(rest[0], bucket, key)
elif how == "presign":
    print(s3.generate_presigned_url("put_object", Params={"Bucket": bucket, "Key": key}, ExpiresIn=int(rest[0])))
else:
    sys.exit(f"unknown: {how}")
