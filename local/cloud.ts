import { mkdirSync, rmSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AutoScalingService } from "./auto-scaling/service.ts";
import { CloudFormationService } from "./cloudformation/service.ts";
import { CloudWatchService } from "./cloudwatch/service.ts";
import { PacedClock } from "./core/clock.ts";
import { type Caller, Kernel } from "./core/kernel.ts";
import { settingsWith } from "./core/settings.ts";
import { EncryptionDefaults } from "./ebs/encryption-defaults.ts";
import { EbsService } from "./ebs/service.ts";
import { Snapshots } from "./ebs/snapshots.ts";
import { SparseBlockFiles } from "./ebs/sparse-block-files.ts";
import { publicBases } from "./ec2/public-bases.ts";
import { Ec2Service } from "./ec2/service.ts";
import { EventsService } from "./events/service.ts";
import { administrator } from "./iam/administrator.ts";
import { IamService } from "./iam/service.ts";
import { KmsService } from "./kms/service.ts";
import { DiskCodeFiles } from "./lambda/code-files.ts";
import { ProcessRunner } from "./lambda/process-runner.ts";
import { LambdaService } from "./lambda/service.ts";
import { proxyTraffic } from "./load-balancing/proxy/proxy-traffic.ts";
import { LoadBalancingService } from "./load-balancing/service.ts";
import { LogsService } from "./logs/service.ts";
import { ProcessHost } from "./machine/process-host.ts";
import { DiskObjectFiles } from "./s3/object-files.ts";
import { S3Service } from "./s3/service.ts";
import { SchedulerService } from "./scheduler/service.ts";
import { startServer } from "./server/server.ts";
import { SnsService } from "./sns/service.ts";
import { SqsService } from "./sqs/service.ts";
import { SsmService } from "./ssm/service.ts";
import { StepFunctionsService } from "./step-functions/service.ts";

/** One embedded cloud with real processes, files and sockets behind it. */
export interface RunningCloud {
  /** `http://127.0.0.1:<port>`. */
  endpoint: string;
  kernel: Kernel;
  /** Its pace can be changed while it runs. */
  clock: PacedClock;
  /** The account's administrator, for calls from within this process. */
  administrator: Caller;
  /** Ends every process and socket; the state directory can be started again. */
  stop(): Promise<void>;
}

export interface CloudOptions {
  /** 0 takes any free port. */
  port: number;
  /** Where everything is kept; undefined keeps it in a temporary directory that goes with the cloud. */
  stateDirectory: string | undefined;
  /** How many modelled seconds pass in a real one; 1 is AWS's own pace. */
  timeFactor: number;
  seed?: number;
  /** Receives one line for a person who watches the cloud. */
  log: (line: string) => void;
}

/** Starts an embedded cloud. Where state was kept, it goes on from there. */
export async function startCloud(options: CloudOptions): Promise<RunningCloud> {
  const temporary = options.stateDirectory === undefined;
  const directory = options.stateDirectory ?? (await mkdtemp(join(tmpdir(), "kiln-cloud-")));
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const settings = settingsWith({ stateDirectory: directory, seed: options.seed ?? 1, log: options.log });
  const clock = new PacedClock(options.timeFactor);
  const kernel = new Kernel(settings, clock);
  clock.notBefore(kernel.lastWrittenMs ?? 0);
  const iam = registerServices(kernel, directory);

  const server = await startServer(kernel, iam, { port: options.port });
  settings.endpoint = server.url;
  await kernel.start();
  return {
    endpoint: server.url,
    kernel,
    clock,
    administrator: administrator(settings),
    async stop() {
      await server.close();
      await kernel.stop();
      if (temporary) rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** Makes every service with its drivers, and lets those that judge by resource policies tell IAM. */
function registerServices(kernel: Kernel, directory: string): IamService {
  const iam = new IamService(kernel);
  const kms = new KmsService(kernel);
  const cloudWatch = new CloudWatchService(kernel);
  const record = cloudWatch.record.bind(cloudWatch);

  const s3 = new S3Service(kernel, new DiskObjectFiles(join(directory, "objects")));
  const sqs = new SqsService(kernel);
  const sns = new SnsService(kernel);

  const blocks = new SparseBlockFiles(join(directory, "blocks"));
  const snapshots = new Snapshots(kernel, blocks);
  const encryptionDefaults = new EncryptionDefaults(kernel);
  const ebs = new EbsService(kernel, snapshots, kms, encryptionDefaults);
  const machines = new ProcessHost({
    directory: join(directory, "instances"),
    volumeFile: (volumeId) => blocks.pathOf(volumeId),
    log: kernel.settings.log,
  });
  const ec2 = new Ec2Service(kernel, { snapshots, keys: kms, encryptionDefaults, machines });
  const traffic = proxyTraffic((instanceId, port) => ec2.connect(instanceId, port));
  const loadBalancing = new LoadBalancingService(kernel, { traffic, record });

  const runner = new ProcessRunner({ directory: join(directory, "functions"), clock: kernel.clock });
  const lambda = new LambdaService(kernel, { runner, code: new DiskCodeFiles(join(directory, "code")), record });
  const ssm = new SsmService(kernel);
  for (const { publicParameter, imageId } of publicBases) {
    if (publicParameter) ssm.seedPublic(publicParameter, imageId);
  }

  const logs = new LogsService(kernel);
  const others = [logs, new EventsService(kernel), new SchedulerService(kernel), new StepFunctionsService(kernel)];
  const scaling = new AutoScalingService(kernel, cloudWatch);
  const services = [
    iam,
    iam.sts,
    kms,
    cloudWatch,
    s3,
    sqs,
    sns,
    ebs,
    ec2,
    loadBalancing,
    lambda,
    ssm,
    ...others,
    scaling,
    new CloudFormationService(kernel),
  ];
  for (const service of services) kernel.register(service);

  iam.onResourcePolicy("arn:aws:s3:::", (arn) => s3.bucketPolicy(arn));
  iam.onResourcePolicy(kernel.arn("sqs", ""), (arn) => sqs.queuePolicy(arn));
  iam.onResourcePolicy(kernel.arn("sns", ""), (arn) => sns.topicPolicy(arn));
  iam.onResourcePolicy(kernel.arn("lambda", ""), (arn) => lambda.resourcePolicy(arn));
  iam.onResourcePolicy(kernel.arn("logs", "log-group:"), () => logs.resourcePolicy());
  iam.onResourcePolicy(kernel.arn("kms", "key/"), (arn) => kms.keyPolicy(arn), "required");
  return iam;
}
