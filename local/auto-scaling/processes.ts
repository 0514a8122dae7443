import type { SuspendProcessesCommandInput } from "@aws-sdk/client-auto-scaling";
import type { Operation } from "../core/kernel.ts";
import { instant } from "./activities.ts";
import { invalid } from "./errors.ts";
import type { AutoScalingPermissions } from "./permissions.ts";
import type { AutoScalingState } from "./state.ts";

/** Source: DescribeScalingProcessTypes in the Auto Scaling API reference. */
const processes = [
  "AddToLoadBalancer",
  "AlarmNotification",
  "AZRebalance",
  "HealthCheck",
  "InstanceRefresh",
  "Launch",
  "ReplaceUnhealthy",
  "ScheduledActions",
  "Terminate",
];

/** Suspending and resuming what a group does by itself. */
export function processOperations(
  state: AutoScalingState,
  permissions: AutoScalingPermissions,
  now: () => number,
  poke: (group: string) => void,
): Record<string, Operation> {
  const needed = (action: string) => (input: SuspendProcessesCommandInput) => [
    permissions.on(action, input.AutoScalingGroupName),
  ];
  return {
    SuspendProcesses: {
      permissions: needed("SuspendProcesses"),
      run: (input: SuspendProcessesCommandInput) => {
        const { name } = state.group(input.AutoScalingGroupName);
        const reason = `User suspended at ${instant(now())}`;
        const named = accepted(input.ScalingProcesses);
        state.change(name, ({ suspended }) => ({
          suspended: [
            ...suspended.filter((one) => !named.includes(one.name)),
            ...named.map((process) => ({ name: process, reason })),
          ],
        }));
        return {};
      },
    },
    ResumeProcesses: {
      permissions: needed("ResumeProcesses"),
      run: (input: SuspendProcessesCommandInput) => {
        const { name } = state.group(input.AutoScalingGroupName);
        const named = accepted(input.ScalingProcesses);
        state.change(name, ({ suspended }) => ({ suspended: suspended.filter((one) => !named.includes(one.name)) }));
        poke(name);
        return {};
      },
    },
    DescribeScalingProcessTypes: { run: () => ({ Processes: processes.map((ProcessName) => ({ ProcessName })) }) },
  };
}

/** Without a list all processes are meant. */
function accepted(named: readonly string[] | undefined): string[] {
  if (!named?.length) return processes;
  for (const name of named) if (!processes.includes(name)) throw invalid(`Invalid process name: ${name}`);
  return [...named];
}
