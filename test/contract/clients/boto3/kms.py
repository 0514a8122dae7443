"""AWS KMS: keys, aliases, grants, encryption."""

from kit import contains, pages, policy, refused, same


def life_cycle(kit):
    kms, account = kit.client("kms"), kit.client("sts").get_caller_identity()["Account"]
    key = kms.create_key(Description="drive", Tags=[{"TagKey": "team", "TagValue": "a"}])["KeyMetadata"]["KeyId"]
    other = kms.create_key()["KeyMetadata"]["KeyId"]
    contains([one["KeyId"] for one in pages(kms, "list_keys", "Keys", PaginationConfig={"PageSize": 1})], key)
    kms.create_alias(AliasName="alias/drive", TargetKeyId=key)
    with refused("AlreadyExistsException"):
        kms.create_alias(AliasName="alias/drive", TargetKeyId=other)
    contains([one["AliasName"] for one in pages(kms, "list_aliases", "Aliases")], "alias/drive")
    kms.update_key_description(KeyId=key, Description="driven")
    same(kms.describe_key(KeyId="alias/drive")["KeyMetadata"]["Description"], "driven")
    kms.tag_resource(KeyId=key, Tags=[{"TagKey": "stage", "TagValue": "test"}])
    kms.untag_resource(KeyId=key, TagKeys=["team"])
    same(pages(kms, "list_resource_tags", "Tags", KeyId=key), [{"TagKey": "stage", "TagValue": "test"}])

    sealed = kms.encrypt(KeyId="alias/drive", Plaintext=b"secret", EncryptionContext={"for": "test"})["CiphertextBlob"]
    same(kms.decrypt(CiphertextBlob=sealed, EncryptionContext={"for": "test"})["Plaintext"], b"secret")
    with refused("InvalidCiphertextException"):
        kms.decrypt(CiphertextBlob=sealed, EncryptionContext={"for": "somebody else"})
    moved = kms.re_encrypt(CiphertextBlob=sealed, SourceEncryptionContext={"for": "test"}, DestinationKeyId=other)
    same(kms.decrypt(CiphertextBlob=moved["CiphertextBlob"])["Plaintext"], b"secret")
    pair = kms.generate_data_key(KeyId=key, KeySpec="AES_256")
    same(kms.decrypt(CiphertextBlob=pair["CiphertextBlob"])["Plaintext"], pair["Plaintext"])
    same(len(pair["Plaintext"]), 32)
    alone = kms.generate_data_key_without_plaintext(KeyId=key, NumberOfBytes=16)
    same(len(kms.decrypt(CiphertextBlob=alone["CiphertextBlob"])["Plaintext"]), 16)

    root = f"arn:aws:iam::{account}:root"
    first = kms.create_grant(KeyId=key, GranteePrincipal=root, Operations=["Decrypt"])
    second = kms.create_grant(KeyId=key, GranteePrincipal=root, Operations=["Encrypt"], RetiringPrincipal=root)
    same(len(pages(kms, "list_grants", "Grants", KeyId=key)), 2)
    kms.revoke_grant(KeyId=key, GrantId=first["GrantId"])
    kms.retire_grant(GrantToken=second["GrantToken"])
    same(pages(kms, "list_grants", "Grants", KeyId=key), [])

    whole = policy("kms:*", Principal={"AWS": root})
    kms.put_key_policy(KeyId=key, Policy=whole)
    contains(kms.get_key_policy(KeyId=key, PolicyName="default")["Policy"], "kms:*")
    same(pages(kms, "list_key_policies", "PolicyNames", KeyId=key), ["default"])
    kms.enable_key_rotation(KeyId=key)
    same(kms.get_key_rotation_status(KeyId=key)["KeyRotationEnabled"], True)
    kms.disable_key_rotation(KeyId=key)

    kms.disable_key(KeyId=key)
    with refused("DisabledException"):
        kms.encrypt(KeyId=key, Plaintext=b"x")
    kms.enable_key(KeyId=key)
    kms.update_alias(AliasName="alias/drive", TargetKeyId=other)
    same(kms.describe_key(KeyId="alias/drive")["KeyMetadata"]["KeyId"], other)
    kms.delete_alias(AliasName="alias/drive")
    kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    with refused("KMSInvalidStateException"):
        kms.encrypt(KeyId=key, Plaintext=b"x")
    kms.cancel_key_deletion(KeyId=key)
    for one in (key, other):
        kms.schedule_key_deletion(KeyId=one, PendingWindowInDays=7)
