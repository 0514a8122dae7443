import { AutoScalingService } from "../../local/auto-scaling/service.ts";
import { CloudFormationService } from "../../local/cloudformation/service.ts";
import { CloudWatchService } from "../../local/cloudwatch/service.ts";
import { VirtualClock } from "../../local/core/clock.ts";
import { Kernel, type Service } from "../../local/core/kernel.ts";
import { settingsWith } from "../../local/core/settings.ts";
import { EncryptionDefaults } from "../../local/ebs/encryption-defaults.ts";
import { MemoryBlockFiles } from "../../local/ebs/memory-block-files.ts";
import { EbsService } from "../../local/ebs/service.ts";
import { Snapshots } from "../../local/ebs/snapshots.ts";
import { Ec2Service } from "../../local/ec2/service.ts";
import { EventsService } from "../../local/events/service.ts";
import { IamService } from "../../local/iam/service.ts";
import { KmsService } from "../../local/kms/service.ts";
import { DiskCodeFiles } from "../../local/lambda/code-files.ts";
import { InProcessRunner } from "../../local/lambda/in-process-runner.ts";
import { LambdaService } from "../../local/lambda/service.ts";
import { LoadBalancingService } from "../../local/load-balancing/service.ts";
import type { TrafficDriver } from "../../local/load-balancing/traffic.ts";
import { LogsService } from "../../local/logs/service.ts";
import { ScriptedHost } from "../../local/machine/scripted-host.ts";
import { DiskObjectFiles } from "../../local/s3/object-files.ts";
import { S3Service } from "../../local/s3/service.ts";
import { SchedulerService } from "../../local/scheduler/service.ts";
import { SnsService } from "../../local/sns/service.ts";
import { SqsService } from "../../local/sqs/service.ts";
import { SsmService } from "../../local/ssm/service.ts";
import { StepFunctionsService } from "../../local/step-functions/service.ts";

/** Never written to: nothing is called. */
const nowhere = "";

/** Nobody sends a request. */
const noTraffic: TrafficDriver = {
  update: () => {},
  probe: async () => ({ kind: "failed" }),
  cut: () => {},
  takeCounts: () => [],
  stop: async () => {},
};

/** Every service of the embedded cloud, made only to say which operations it has: no process, socket or file is touched. */
export function cloudServices(): Service[] {
  const kernel = new Kernel(settingsWith(), new VirtualClock());
  const iam = new IamService(kernel);
  const kms = new KmsService(kernel);
  const cloudWatch = new CloudWatchService(kernel);
  const snapshots = new Snapshots(kernel, new MemoryBlockFiles());
  const encryptionDefaults = new EncryptionDefaults(kernel);
  const machines = new ScriptedHost();
  return [
    new AutoScalingService(kernel, cloudWatch),
    new CloudFormationService(kernel),
    cloudWatch,
    new EbsService(kernel, snapshots, kms, encryptionDefaults),
    new Ec2Service(kernel, { snapshots, keys: kms, encryptionDefaults, machines }),
    new EventsService(kernel),
    iam,
    iam.sts,
    kms,
    new LambdaService(kernel, { runner: new InProcessRunner(kernel.clock, {}), code: new DiskCodeFiles(nowhere) }),
    new LoadBalancingService(kernel, { traffic: () => noTraffic, record: () => {} }),
    new LogsService(kernel),
    new S3Service(kernel, new DiskObjectFiles(nowhere)),
    new SchedulerService(kernel),
    new SnsService(kernel),
    new SqsService(kernel),
    new SsmService(kernel),
    new StepFunctionsService(kernel),
  ];
}
