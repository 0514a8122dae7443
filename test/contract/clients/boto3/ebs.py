"""EBS direct APIs: a snapshot written and read block by block."""

import base64
import hashlib

from kit import refused, same, until, wait

BLOCK = 524288


def digest(block):
    return hashlib.sha256(block).digest()


def put(ebs, snapshot, index, block, checksum=None):
    return ebs.put_snapshot_block(
        SnapshotId=snapshot, BlockIndex=index, BlockData=block, DataLength=BLOCK, ChecksumAlgorithm="SHA256",
        Checksum=checksum or base64.b64encode(digest(block)).decode(),
    )


def life_cycle(kit):
    ebs, ec2 = kit.client("ebs"), kit.client("ec2")
    blocks = [bytes([n]) * BLOCK for n in (1, 2)]
    request = dict(VolumeSize=1, ClientToken="drive-1", Description="driven", Timeout=10)
    first = ebs.start_snapshot(**request)["SnapshotId"]
    same(ebs.start_snapshot(**request)["SnapshotId"], first, "snapshot of the same token")
    with refused("ConflictException", 409):
        ebs.start_snapshot(**{**request, "VolumeSize": 2})
    until("blocks are accepted", lambda: put(ebs, first, 0, blocks[0]))
    with refused("ValidationException", 400):
        put(ebs, first, 1, blocks[1], checksum=base64.b64encode(digest(b"something else")).decode())
    put(ebs, first, 1, blocks[1])
    whole = base64.b64encode(hashlib.sha256(b"".join(digest(block) for block in blocks)).digest()).decode()
    ebs.complete_snapshot(
        SnapshotId=first, ChangedBlocksCount=2, Checksum=whole, ChecksumAlgorithm="SHA256", ChecksumAggregationMethod="LINEAR")
    wait(ec2, "snapshot_completed", SnapshotIds=[first])

    listed = ebs.list_snapshot_blocks(SnapshotId=first)["Blocks"]
    same([block["BlockIndex"] for block in listed], [0, 1])
    got = ebs.get_snapshot_block(SnapshotId=first, BlockIndex=1, BlockToken=listed[1]["BlockToken"])
    same(got["BlockData"].read(), blocks[1])

    second = ebs.start_snapshot(VolumeSize=1, ParentSnapshotId=first)["SnapshotId"]
    until("blocks are accepted", lambda: put(ebs, second, 1, blocks[0]))
    ebs.complete_snapshot(SnapshotId=second, ChangedBlocksCount=1)
    wait(ec2, "snapshot_completed", SnapshotIds=[second])
    changed = ebs.list_changed_blocks(FirstSnapshotId=first, SecondSnapshotId=second)["ChangedBlocks"]
    same([block["BlockIndex"] for block in changed], [1])
    for snapshot in (first, second):
        ec2.delete_snapshot(SnapshotId=snapshot)
