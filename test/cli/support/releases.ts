import type { Release } from "../../../shared/domain/release.ts";
import { parseServiceSpec, type ServiceSpec } from "../../../shared/domain/service-spec.ts";

/** A valid spec of the service `web` with some keys changed. */
export function specWith(changes: Record<string, unknown> = {}): ServiceSpec {
  const parsed = parseServiceSpec({
    service: "web",
    capacity: { min: 2, max: 4 },
    healthCheck: { path: "/health" },
    ...changes,
  });
  if ("problems" in parsed) throw new Error(JSON.stringify(parsed.problems));
  return parsed.spec;
}

/** A frozen release of `web` with some of it changed. */
export function releaseWith(changes: Partial<Release> = {}): Release {
  const generation = changes.generation ?? "web-000001";
  return {
    service: "web",
    generation,
    createdAt: "2026-01-01T00:00:00.000Z",
    execution: `arn:aws:states:us-east-1:123456789012:execution:kiln-dev-deploy:${generation}`,
    intent: { kind: "upload", time: "2026-01-01T00:00:00.000Z", tieBreak: "v1" },
    version: "1.0.0",
    artifact: { name: "artifact", key: "web/1.0.0.tgz", versionId: "v1", bytes: 10, unpackedBytes: 20, sha256: "aa" },
    layers: [{ name: "node-24", key: "layers/node-24.tgz", versionId: "v2", bytes: 1, unpackedBytes: 2, sha256: "bb" }],
    base: { name: "al2023", imageId: "ami-00000001", architecture: "x86_64" },
    start: "node server.js",
    spec: specWith(),
    network: {
      listenerArn: "arn:listener",
      loadBalancerArn: "arn:balancer",
      origin: "http://127.0.0.1:8080",
      vpcId: "vpc-1",
      subnetIds: ["subnet-1", "subnet-2"],
      securityGroupIds: ["sg-1"],
    },
    imageDigest: "image-1",
    releaseDigest: "release-1",
    trialSecret: "the-trial-secret",
    ...changes,
  };
}
