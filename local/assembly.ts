import { AutoScalingService } from "./auto-scaling/service.ts";
import { CloudFormationService } from "./cloudformation/service.ts";
import { CloudWatchService } from "./cloudwatch/service.ts";
import type { Kernel, Service } from "./core/kernel.ts";
import type { BlockFiles } from "./ebs/block-files.ts";
import { EncryptionDefaults } from "./ebs/encryption-defaults.ts";
import { EbsService } from "./ebs/service.ts";
import { Snapshots } from "./ebs/snapshots.ts";
import { publicBases } from "./ec2/public-bases.ts";
import { Ec2Service } from "./ec2/service.ts";
import { EventsService } from "./events/service.ts";
import { IamService } from "./iam/service.ts";
import { KmsService } from "./kms/service.ts";
import type { CodeFiles } from "./lambda/code-files.ts";
import type { FunctionRunner } from "./lambda/runner.ts";
import { LambdaService } from "./lambda/service.ts";
import { LoadBalancingService } from "./load-balancing/service.ts";
import type { TrafficDriver, TrafficView } from "./load-balancing/traffic.ts";
import { LogsService } from "./logs/service.ts";
import type { MachineHost } from "./machine/machine-host.ts";
import type { ObjectFiles } from "./s3/object-files.ts";
import { S3Service } from "./s3/service.ts";
import { SchedulerService } from "./scheduler/service.ts";
import { type EnforcedQuota, ServiceQuotasService } from "./service-quotas/service.ts";
import { SnsService } from "./sns/service.ts";
import { SqsService } from "./sqs/service.ts";
import { Ec2Agents } from "./ssm/ec2-agents.ts";
import { SsmService } from "./ssm/service.ts";
import { StepFunctionsService } from "./step-functions/service.ts";

/** Everything of a cloud that touches the world outside the kernel: files, processes and sockets, or stand-ins in memory. */
export interface Drivers {
  objects: ObjectFiles;
  blocks: BlockFiles;
  code: CodeFiles;
  machines: MachineHost;
  runner: FunctionRunner;
  traffic: (view: TrafficView, ec2: Ec2Service) => TrafficDriver;
}

/** The services that somebody outside the kernel talks to directly. */
export interface AssembledCloud {
  iam: IamService;
  loadBalancing: LoadBalancingService;
}

/**
 * Makes every service of the embedded cloud with its drivers, registers it, and lets those that judge by resource
 * policies tell IAM. The cloud that serves the wire and the simulation are both put together here.
 */
export function assembleCloud(kernel: Kernel, drivers: Drivers): AssembledCloud {
  const iam = new IamService(kernel);
  const kms = new KmsService(kernel);
  const cloudWatch = new CloudWatchService(kernel);
  const record = cloudWatch.record.bind(cloudWatch);

  const s3 = new S3Service(kernel, drivers.objects);
  const sqs = new SqsService(kernel);
  const sns = new SnsService(kernel);

  const snapshots = new Snapshots(kernel, drivers.blocks);
  const encryptionDefaults = new EncryptionDefaults(kernel);
  const ebs = new EbsService(kernel, snapshots, kms, encryptionDefaults);
  const ec2 = new Ec2Service(kernel, { snapshots, keys: kms, encryptionDefaults, machines: drivers.machines });
  const loadBalancing = new LoadBalancingService(kernel, { traffic: (view) => drivers.traffic(view, ec2), record });

  const lambda = new LambdaService(kernel, { runner: drivers.runner, code: drivers.code, record });
  const ssm = new SsmService(kernel, new Ec2Agents(kernel, ec2, (profileArn) => iam.roleOfProfile(profileArn)));
  for (const { publicParameter, imageId } of publicBases) {
    if (publicParameter) ssm.seedPublic(publicParameter, imageId);
  }

  const logs = new LogsService(kernel);
  const others = [logs, new EventsService(kernel), new SchedulerService(kernel), new StepFunctionsService(kernel)];
  const scaling = new AutoScalingService(kernel, cloudWatch);
  const services: Service[] = [
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
    new ServiceQuotasService(kernel, [vcpuQuota(ec2)]),
  ];
  for (const service of services) kernel.register(service);

  iam.onResourcePolicy("arn:aws:s3:::", (arn) => s3.bucketPolicy(arn));
  iam.onResourcePolicy(kernel.arn("sqs", ""), (arn) => sqs.queuePolicy(arn));
  iam.onResourcePolicy(kernel.arn("sns", ""), (arn) => sns.topicPolicy(arn));
  iam.onResourcePolicy(kernel.arn("lambda", ""), (arn) => lambda.resourcePolicy(arn));
  iam.onResourcePolicy(kernel.arn("logs", "log-group:"), () => logs.resourcePolicy());
  iam.onResourcePolicy(kernel.arn("kms", "key/"), (arn) => kms.keyPolicy(arn), "required");
  return { iam, loadBalancing };
}

function vcpuQuota(ec2: Ec2Service): EnforcedQuota {
  return {
    serviceCode: "ec2",
    serviceName: "Amazon Elastic Compute Cloud (Amazon EC2)",
    quotaCode: "L-1216C47A",
    quotaName: "Running On-Demand Standard (A, C, D, H, I, M, R, T, Z) instances",
    value: () => ec2.capacity.vcpuQuota(),
  };
}
