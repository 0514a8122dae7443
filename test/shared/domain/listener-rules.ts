import { defaultPriority, type ListenerRule } from "../../../shared/domain/listener-rules.ts";

/** A rule as a listener might have it; what a test does not name is somebody's plain forwarding rule. */
export function rule(changes: Partial<ListenerRule> & { hosts?: string[]; paths?: string[] }): ListenerRule {
  const { hosts, paths, ...rest } = changes;
  return {
    arn: `rule-${rest.priority ?? 1}`,
    priority: 1,
    conditions: [
      ...(hosts ? [{ field: "host-header", values: hosts }] : []),
      ...(paths ? [{ field: "path-pattern", values: paths }] : []),
    ],
    weights: [{ targetGroupArn: "arn:targetgroup/theirs/1", weight: 1 }],
    otherActions: [],
    sticky: false,
    owner: undefined,
    ...rest,
  };
}

/** The listener's default rule, forwarding to somebody's servers. */
export const byDefault = rule({ arn: "default", priority: defaultPriority });

/** A production rule of Kiln's. */
export function kilnRule(service: string, changes: Parameters<typeof rule>[0]): ListenerRule {
  return rule({ owner: { stage: "dev", service, role: "production" }, ...changes });
}
