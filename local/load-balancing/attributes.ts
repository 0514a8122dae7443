import { AwsError } from "../core/aws-error.ts";
import { unsupported } from "./errors.ts";

/** How one attribute is checked. */
interface AttributeRule {
  default: string;
  /** The values AWS takes. */
  allows: (value: string) => boolean;
  /** Values among them that this cloud cannot act on, with what it would need. */
  lacks?: Readonly<Record<string, string>>;
}

export type AttributeTable = Readonly<Record<string, AttributeRule>>;

const truth = (value: string) => value === "true" || value === "false";
const oneOf =
  (...values: string[]) =>
  (value: string) =>
    values.includes(value);
const whole = (min: number, max: number) => (value: string) =>
  /^\d+$/.test(value) && Number(value) >= min && Number(value) <= max;
const off = (value: string) => value === "off";
const either =
  (...checks: ((value: string) => boolean)[]) =>
  (value: string) =>
    checks.some((check) => check(value));
const anything = () => true;

/** Keys, defaults and ranges: LoadBalancerAttribute in the Elastic Load Balancing model (2015-12-01). */
export const balancerAttributes: AttributeTable = {
  "access_logs.s3.enabled": { default: "false", allows: truth, lacks: { true: "access logs" } },
  "access_logs.s3.bucket": { default: "", allows: anything },
  "access_logs.s3.prefix": { default: "", allows: anything },
  "client_keep_alive.seconds": { default: "3600", allows: whole(60, 604_800) },
  "connection_logs.s3.enabled": { default: "false", allows: truth, lacks: { true: "connection logs" } },
  "connection_logs.s3.bucket": { default: "", allows: anything },
  "connection_logs.s3.prefix": { default: "", allows: anything },
  "deletion_protection.enabled": { default: "false", allows: truth },
  "idle_timeout.timeout_seconds": { default: "60", allows: whole(1, 4000) },
  "ipv6.deny_all_igw_traffic": { default: "false", allows: truth },
  "load_balancing.cross_zone.enabled": { default: "true", allows: oneOf("true") },
  "routing.http.desync_mitigation_mode": { default: "defensive", allows: oneOf("monitor", "defensive", "strictest") },
  "routing.http.drop_invalid_header_fields.enabled": { default: "false", allows: truth },
  "routing.http.preserve_host_header.enabled": { default: "false", allows: truth },
  "routing.http.x_amzn_tls_version_and_cipher_suite.enabled": { default: "false", allows: truth },
  "routing.http.xff_client_port.enabled": { default: "false", allows: truth },
  "routing.http.xff_header_processing.mode": { default: "append", allows: oneOf("append", "preserve", "remove") },
  "routing.http2.enabled": { default: "true", allows: truth },
  "waf.fail_open.enabled": { default: "false", allows: truth },
  "zonal_shift.config.enabled": { default: "false", allows: truth, lacks: { true: "zonal shift" } },
};

/**
 * Keys, defaults and ranges: TargetGroupAttribute in the same model. The `dns_failover` ones are kept without effect: they
 * decide what a name resolves to, and here it always is this machine.
 */
export const groupAttributes: AttributeTable = {
  "deregistration_delay.timeout_seconds": { default: "300", allows: whole(0, 3600) },
  "load_balancing.algorithm.anomaly_mitigation": {
    default: "off",
    allows: oneOf("off", "on"),
    lacks: { on: "anomaly mitigation" },
  },
  "load_balancing.algorithm.type": {
    default: "round_robin",
    allows: oneOf("round_robin", "least_outstanding_requests", "weighted_random"),
  },
  "load_balancing.cross_zone.enabled": {
    default: "use_load_balancer_configuration",
    allows: oneOf("true", "false", "use_load_balancer_configuration"),
    lacks: { false: "routing within one zone (load_balancing.cross_zone.enabled false)" },
  },
  "slow_start.duration_seconds": { default: "0", allows: either(whole(0, 0), whole(30, 900)) },
  "stickiness.app_cookie.cookie_name": { default: "", allows: (value) => !/^AWSALB/.test(value) },
  "stickiness.app_cookie.duration_seconds": { default: "86400", allows: whole(1, 604_800) },
  "stickiness.enabled": { default: "false", allows: truth },
  "stickiness.lb_cookie.duration_seconds": { default: "86400", allows: whole(1, 604_800) },
  "stickiness.type": {
    default: "lb_cookie",
    allows: oneOf("lb_cookie", "app_cookie"),
    lacks: { app_cookie: "application-based stickiness" },
  },
  "target_group_health.dns_failover.minimum_healthy_targets.count": {
    default: "1",
    allows: either(off, whole(1, 1000)),
  },
  "target_group_health.dns_failover.minimum_healthy_targets.percentage": {
    default: "off",
    allows: either(off, whole(1, 100)),
  },
  "target_group_health.unhealthy_state_routing.minimum_healthy_targets.count": { default: "1", allows: whole(1, 1000) },
  "target_group_health.unhealthy_state_routing.minimum_healthy_targets.percentage": {
    default: "off",
    allows: either(off, whole(1, 100)),
  },
};

export function defaultsOf(table: AttributeTable): Record<string, string> {
  return Object.fromEntries(Object.entries(table).map(([key, rule]) => [key, rule.default]));
}

/**
 * Lays changes over attributes.
 * @throws {AwsError} InvalidConfigurationRequest for an unknown key or a value outside its range.
 */
export function withAttributes(
  table: AttributeTable,
  current: Readonly<Record<string, string>>,
  changes: readonly { Key?: string | undefined; Value?: string | undefined }[],
): Record<string, string> {
  const next = { ...current };
  for (const { Key = "", Value = "" } of changes) {
    const rule = table[Key];
    if (!rule) throw new AwsError("InvalidConfigurationRequest", `Attribute key '${Key}' is not recognized`);
    if (!rule.allows(Value)) {
      throw new AwsError("InvalidConfigurationRequest", `Attribute value '${Value}' is not valid for '${Key}'`);
    }
    const lacking = rule.lacks?.[Value];
    if (lacking !== undefined) throw unsupported(lacking);
    next[Key] = Value;
  }
  return next;
}

/** Attributes as the API lists them. */
export function listed(attributes: Readonly<Record<string, string>>): { Key: string; Value: string }[] {
  return Object.entries(attributes).map(([Key, Value]) => ({ Key, Value }));
}
