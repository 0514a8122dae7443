import { AwsError } from "../../../local/core/aws-error.ts";
import { VirtualClock } from "../../../local/core/clock.ts";
import { type AwsEvent, type Caller, Kernel, type Service } from "../../../local/core/kernel.ts";
import { settingsWith } from "../../../local/core/settings.ts";
import { EncryptionDefaults } from "../../../local/ebs/encryption-defaults.ts";
import { everyKeyUsable, type KeyAccess } from "../../../local/ebs/key-access.ts";
import { MemoryBlockFiles } from "../../../local/ebs/memory-block-files.ts";
import { EbsService } from "../../../local/ebs/service.ts";
import { Snapshots } from "../../../local/ebs/snapshots.ts";
import { Ec2Service } from "../../../local/ec2/service.ts";
import type { MachineSpec } from "../../../local/machine/machine-host.ts";
import { type MachineScript, ScriptedHost } from "../../../local/machine/scripted-host.ts";

export const account = "123456789012";
export const administrator: Caller = {
  kind: "user",
  arn: `arn:aws:iam::${account}:user/admin`,
  accountId: account,
  name: "admin",
};

/** Enough of IAM for instance profiles: one profile `web` with one role. */
class OneProfile implements Service {
  readonly id = "iam";
  readonly operations = {
    GetInstanceProfile: {
      run: ({ InstanceProfileName }: { InstanceProfileName: string }) => {
        if (InstanceProfileName !== "web") throw new AwsError("NoSuchEntity", "no such profile", 404);
        return {
          InstanceProfile: {
            Arn: `arn:aws:iam::${account}:instance-profile/web`,
            InstanceProfileId: "AIPAEXAMPLE",
            Roles: [{ Arn: `arn:aws:iam::${account}:role/web` }],
          },
        };
      },
    },
  };
}

interface CloudOptions {
  behave?: (spec: MachineSpec) => MachineScript;
  keys?: KeyAccess;
}

/** EC2 and EBS on a virtual clock, with machines that only pretend. */
export function cloud(options: CloudOptions = {}) {
  const clock = new VirtualClock();
  const kernel = new Kernel(settingsWith(), clock);
  kernel.judge = () => undefined;
  const events: AwsEvent[] = [];
  kernel.on("aws.event", (event) => events.push(event));
  const files = new MemoryBlockFiles();
  const snapshots = new Snapshots(kernel, files);
  const keys = options.keys ?? everyKeyUsable(kernel);
  const encryptionDefaults = new EncryptionDefaults(kernel);
  const machines = new ScriptedHost(options.behave);
  const ec2 = new Ec2Service(kernel, { snapshots, keys, encryptionDefaults, machines });
  kernel.register(ec2);
  kernel.register(new EbsService(kernel, snapshots, keys, encryptionDefaults));
  kernel.register(new OneProfile());
  kernel.jobs.start();
  // biome-ignore lint/suspicious/noExplicitAny: tests read whatever shape the operation answers.
  const call = <O = any>(operation: string, input: object, caller: Caller = administrator): Promise<O> =>
    kernel.call<O>("ec2", operation, input, caller);

  /** Lets everything that was created become visible. */
  const visible = () => clock.advance(1000);

  /** A completed snapshot of one block. */
  async function snapshot(sizeGiB = 1, change: object = {}): Promise<string> {
    const snapshotId = snapshots.newId();
    snapshots.put({
      snapshotId,
      ownerId: account,
      state: "completed",
      progress: 100,
      volumeSizeGiB: sizeGiB,
      volumeId: "vol-ffffffff",
      description: "",
      encrypted: false,
      isPublic: false,
      tags: {},
      startedAtMs: clock.now(),
      visibleAtMs: 0,
      ...change,
    });
    await snapshots.writeBlock(snapshotId, 0, new Uint8Array(524_288).fill(7), "checksum");
    return snapshotId;
  }

  /** An own, available copy of a public base. */
  async function ownBase(SourceImageId = al2023, over: object = {}): Promise<string> {
    const input = { Name: `base-${kernel.random.hex(6)}`, SourceImageId, SourceRegion: "us-east-1", ...over };
    const { ImageId } = await call("CopyImage", input);
    await clock.advance(61_000);
    return ImageId;
  }

  /** One running instance of a base. */
  async function running(input: object = {}): Promise<string> {
    const launch = { ImageId: al2023, InstanceType: "t3.small", MinCount: 1, MaxCount: 1, ...input };
    const { Instances } = await call("RunInstances", launch);
    await clock.advance(22_000);
    return Instances[0].InstanceId;
  }

  async function stateOf(InstanceId: string): Promise<string> {
    const { Reservations } = await call("DescribeInstances", { InstanceIds: [InstanceId] });
    return Reservations[0].Instances[0].State.Name;
  }

  return {
    clock,
    kernel,
    events,
    files,
    snapshots,
    encryptionDefaults,
    machines,
    ec2,
    call,
    visible,
    snapshot,
    ownBase,
    running,
    stateOf,
  };
}

export type Cloud = ReturnType<typeof cloud>;

export const al2023 = "ami-0a120230000000001";
export const al2023Arm = "ami-0a120230000000002";
export const windows = "ami-0d1d2022000000001";
export const marketplace = "ami-0c0de000000000001";
