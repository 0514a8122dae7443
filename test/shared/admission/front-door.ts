import { AutoScalingClient } from "@aws-sdk/client-auto-scaling";
import { CloudWatchClient } from "@aws-sdk/client-cloudwatch";
import { EC2Client } from "@aws-sdk/client-ec2";
import { ElasticLoadBalancingV2Client } from "@aws-sdk/client-elastic-load-balancing-v2";
import { PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { SFNClient } from "@aws-sdk/client-sfn";
import { PutParameterCommand, SSMClient } from "@aws-sdk/client-ssm";
import { AwsError } from "../../../local/core/aws-error.ts";
import { VirtualClock } from "../../../local/core/clock.ts";
import { Kernel, type Operation } from "../../../local/core/kernel.ts";
import { settingsWith } from "../../../local/core/settings.ts";
import { MemoryObjectFiles } from "../../../local/s3/object-files.ts";
import { S3Service } from "../../../local/s3/service.ts";
import { attachToClient } from "../../../local/server/attach-to-client.ts";
import type { AdmissionWorld } from "../../../shared/admission/world.ts";
import { Alarms } from "../../../shared/aws/alarms.ts";
import { Artifacts } from "../../../shared/aws/artifacts.ts";
import { Documents } from "../../../shared/aws/documents.ts";
import { Executions } from "../../../shared/aws/executions.ts";
import { Fleets } from "../../../shared/aws/fleets.ts";
import { Images } from "../../../shared/aws/images.ts";
import { Ledger } from "../../../shared/aws/ledger.ts";
import { Networks } from "../../../shared/aws/networks.ts";
import { Parameters, parameterNames } from "../../../shared/aws/parameters.ts";
import { Recipes } from "../../../shared/aws/recipes.ts";
import { TargetGroups } from "../../../shared/aws/target-groups.ts";
import { Traffic } from "../../../shared/aws/traffic.ts";
import { parseServiceSpec } from "../../../shared/domain/service-spec.ts";
import { person } from "../../local/s3/cloud.ts";

const config = {
  stage: "dev",
  artifactsBucket: "artifacts",
  ledgerBucket: "ledger",
  keyArn: "arn:aws:kms:us-east-1:123456789012:key/k",
  probeFunction: "",
};

/**
 * Everything admission needs, in memory: the embedded S3 with two versioned buckets, parameters, one listener. No fleet
 * exists and nobody deploys. What admission would change on AWS beside S3 has no answer here and so would fail the test.
 */
export async function frontDoor() {
  const clock = new VirtualClock();
  const kernel = new Kernel(settingsWith({}), clock);
  kernel.judge = () => undefined;
  kernel.register(new S3Service(kernel, new MemoryObjectFiles()));
  for (const [id, operations] of Object.entries(answers())) {
    const entries = Object.entries(operations).map(([name, run]) => [name, { run }]);
    kernel.register({ id, operations: Object.fromEntries(entries) });
  }
  await kernel.start();

  const region = { region: "us-east-1" };
  const s3 = attachToClient(new S3Client(region), kernel, "s3", person);
  const ssm = attachToClient(new SSMClient(region), kernel, "ssm", person);
  const elb = attachToClient(new ElasticLoadBalancingV2Client(region), kernel, "elasticloadbalancing", person);
  const ec2 = attachToClient(new EC2Client(region), kernel, "ec2", person);
  for (const Bucket of [config.artifactsBucket, config.ledgerBucket]) {
    await kernel.call("s3", "CreateBucket", { Bucket }, person);
    const VersioningConfiguration = { Status: "Enabled" };
    await kernel.call("s3", "PutBucketVersioning", { Bucket, VersioningConfiguration }, person);
  }
  const documents = new Documents(s3, config.ledgerBucket);
  const parameters = new Parameters(ssm);
  const world: AdmissionWorld = {
    config,
    now: () => clock.now(),
    secret: () => "0".repeat(32),
    releases: () => new Map(),
    ledger: new Ledger(documents),
    artifacts: new Artifacts(s3, config.artifactsBucket),
    images: new Images(ec2),
    alarms: new Alarms(attachToClient(new CloudWatchClient(region), kernel, "monitoring", person)),
    executions: new Executions(attachToClient(new SFNClient(region), kernel, "states", person)),
    parameters,
    recipes: new Recipes(documents, parameters, config.stage),
    networks: new Networks(elb, ec2),
    traffic: new Traffic(elb, config.stage),
    fleets: new Fleets(attachToClient(new AutoScalingClient(region), kernel, "autoscaling", person)),
    targetGroups: new TargetGroups(elb),
  };
  return {
    world,
    kernel,
    /** Puts a spec in force, on top of the least one. */
    async apply(changes: object = {}) {
      const least = { service: "web", capacity: { min: 1, max: 2 }, healthCheck: { path: "/" } };
      const parsed = parseServiceSpec({ ...least, ...changes });
      if (!("spec" in parsed)) throw new Error(JSON.stringify(parsed.problems));
      const Value = await world.ledger.storeSpec(parsed.spec);
      await ssm.send(new PutParameterCommand({ Name: parameterNames.spec("dev", "web"), Value, Type: "String" }));
    },
    /** Pushes bytes and returns the event that the upload makes. */
    async push(key: string, Body: Uint8Array) {
      const { VersionId } = await s3.send(new PutObjectCommand({ Bucket: config.artifactsBucket, Key: key, Body }));
      return {
        source: "aws.s3",
        "detail-type": "Object Created",
        time: new Date(clock.now()).toISOString(),
        detail: { bucket: { name: config.artifactsBucket }, object: { key, "version-id": VersionId ?? "" } },
      };
    },
    /** What an execution tells admission. */
    asked: (request: unknown, name = "run-1") => ({
      execution: `arn:aws:states:us-east-1:123456789012:execution:kiln-dev-deploy:${name}`,
      startedAt: new Date(clock.now()).toISOString(),
      request,
    }),
  };
}

const loadBalancer = "arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/app/main/1";

/** The answers of everything that is not S3. */
function answers(): Record<string, Record<string, Operation["run"]>> {
  const parameters = new Map([
    [parameterNames.listener("dev"), "arn:aws:elasticloadbalancing:us-east-1:123456789012:listener/app/main/1/1"],
    ["/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64", "ami-0123456789abcdef0"],
  ]);
  return {
    ssm: {
      GetParameter: ({ Name }) => {
        const Value = parameters.get(Name);
        if (Value === undefined) throw new AwsError("ParameterNotFound", "none");
        return { Parameter: { Name, Value } };
      },
      PutParameter: ({ Name, Value }) => void parameters.set(Name, Value),
    },
    elasticloadbalancing: {
      DescribeListeners: () => ({
        Listeners: [{ LoadBalancerArn: loadBalancer, Port: 80, Protocol: "HTTP" }],
      }),
      DescribeLoadBalancers: () => ({
        LoadBalancers: [
          { Type: "application", VpcId: "vpc-1", DNSName: "main", AvailabilityZones: [{ SubnetId: "subnet-1" }] },
        ],
      }),
      DescribeRules: () => ({ Rules: [{ RuleArn: "default", IsDefault: true, Priority: "default" }] }),
      DescribeTags: () => ({ TagDescriptions: [] }),
    },
    ec2: {
      DescribeSecurityGroups: () => ({ SecurityGroups: [{ GroupId: "sg-1" }] }),
      DescribeImages: () => ({ Images: [] }),
    },
    autoscaling: {},
    states: {},
  };
}
