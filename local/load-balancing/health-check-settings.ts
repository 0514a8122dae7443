import type { CreateTargetGroupCommandInput } from "@aws-sdk/client-elastic-load-balancing-v2";
import { AwsError } from "../core/aws-error.ts";
import type { HealthCheckSettings } from "./documents.ts";
import { invalid, unsupported } from "./errors.ts";

type HealthCheckInput = Pick<
  CreateTargetGroupCommandInput,
  | "HealthCheckProtocol"
  | "HealthCheckPort"
  | "HealthCheckEnabled"
  | "HealthCheckPath"
  | "HealthCheckIntervalSeconds"
  | "HealthCheckTimeoutSeconds"
  | "HealthyThresholdCount"
  | "UnhealthyThresholdCount"
  | "Matcher"
>;

/** Defaults for HTTP. Source: CreateTargetGroup in the Elastic Load Balancing model (2015-12-01), as are all ranges. */
const defaults: HealthCheckSettings = {
  protocol: "HTTP",
  port: "traffic-port",
  path: "/",
  intervalSeconds: 30,
  timeoutSeconds: 6,
  healthyThreshold: 5,
  unhealthyThreshold: 2,
  matcher: "200",
};

/**
 * Health-check settings as they are after a create (without `current`) or a change.
 * @throws {AwsError} ValidationError for a value outside its range, InvalidConfigurationRequest for a bad combination.
 */
export function acceptedHealthCheck(
  input: HealthCheckInput,
  current: Readonly<HealthCheckSettings> | undefined,
): HealthCheckSettings {
  const before = current ?? defaults;
  if (input.HealthCheckEnabled === false) {
    throw new AwsError("InvalidConfigurationRequest", "Health checks cannot be disabled for instance and ip targets");
  }
  const { HealthCheckProtocol: protocol = before.protocol } = input;
  if (protocol !== "HTTP") {
    if (protocol === "HTTPS") throw unsupported("HTTPS health checks");
    throw invalid(`Health check protocol '${protocol}' must be HTTP or HTTPS`);
  }
  if (input.Matcher?.GrpcCode !== undefined) throw invalid("GrpcCode needs the protocol version GRPC");
  const settings: HealthCheckSettings = {
    protocol,
    port: acceptedPort(input.HealthCheckPort ?? before.port),
    path: input.HealthCheckPath ?? before.path,
    intervalSeconds: within("interval", input.HealthCheckIntervalSeconds ?? before.intervalSeconds, 5, 300),
    timeoutSeconds: within("timeout", input.HealthCheckTimeoutSeconds ?? before.timeoutSeconds, 2, 120),
    healthyThreshold: within("healthy threshold", input.HealthyThresholdCount ?? before.healthyThreshold, 2, 10),
    unhealthyThreshold: within(
      "unhealthy threshold",
      input.UnhealthyThresholdCount ?? before.unhealthyThreshold,
      2,
      10,
    ),
    matcher: acceptedMatcher(input.Matcher?.HttpCode ?? before.matcher),
  };
  if (!settings.path.startsWith("/") || settings.path.length > 1024) {
    throw invalid(`Health check path '${settings.path}' must start with '/' and have at most 1024 characters`);
  }
  if (settings.timeoutSeconds >= settings.intervalSeconds) {
    const message = `Health check timeout '${settings.timeoutSeconds}' must be smaller than the interval '${settings.intervalSeconds}'`;
    throw invalid(message);
  }
  return settings;
}

function within(name: string, value: number, min: number, max: number): number {
  if (Number.isInteger(value) && value >= min && value <= max) return value;
  throw invalid(`Health check ${name} '${value}' must be between ${min} and ${max}`);
}

function acceptedPort(port: string): string {
  if (port === "traffic-port" || (/^\d+$/.test(port) && Number(port) >= 1 && Number(port) <= 65_535)) return port;
  throw invalid(`Health check port '${port}' must be 'traffic-port' or between 1 and 65535`);
}

function acceptedMatcher(matcher: string): string {
  const valid = matcher.split(",").every((part) => {
    const [from = "", to = from, ...rest] = part.split("-");
    const codes = [from, to].every((code) => /^[2-4]\d\d$/.test(code));
    return codes && rest.length === 0 && Number(from) <= Number(to);
  });
  if (!valid) throw invalid(`Health check matcher HTTP code '${matcher}' must be within '200-499'`);
  return matcher;
}
