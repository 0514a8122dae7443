"""Security Token Service: identity, and a role's temporary credentials with exactly its permissions."""

import json

from kit import contains, policy, refused


def life_cycle(kit):
    sts, iam = kit.client("sts"), kit.client("iam")
    me = sts.get_caller_identity()
    contains(me["Arn"], me["Account"])
    principal = {"AWS": f"arn:aws:iam::{me['Account']}:root"}
    statement = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
    trusted = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    role = iam.create_role(RoleName="drive-reader", AssumeRolePolicyDocument=trusted)["Role"]["Arn"]
    iam.put_role_policy(RoleName="drive-reader", PolicyName="read", PolicyDocument=policy("ec2:DescribeVpcs"))
    assumed = sts.assume_role(RoleArn=role, RoleSessionName="session")
    given = assumed["Credentials"]
    keys = dict(
        aws_access_key_id=given["AccessKeyId"], aws_secret_access_key=given["SecretAccessKey"],
        aws_session_token=given["SessionToken"],
    )
    contains(kit.anonymous("sts", **keys).get_caller_identity()["Arn"], "assumed-role/drive-reader/session")
    ec2 = kit.anonymous("ec2", **keys)
    ec2.describe_vpcs()
    with refused("UnauthorizedOperation", 403, saying="ec2:DescribeSubnets"):
        ec2.describe_subnets()
    with refused("InvalidClientTokenId", 403):
        kit.anonymous("sts", aws_access_key_id="AKIANOBODY0000000000", aws_secret_access_key="x").get_caller_identity()
    with refused("SignatureDoesNotMatch", 403):
        wrong = {**keys, "aws_secret_access_key": "not the secret"}
        kit.anonymous("sts", **wrong).get_caller_identity()
    iam.delete_role_policy(RoleName="drive-reader", PolicyName="read")
    iam.delete_role(RoleName="drive-reader")
