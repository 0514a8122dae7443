import type {
  GetConsoleOutputCommandInput,
  RebootInstancesCommandInput,
  StartInstancesCommandInput,
  StopInstancesCommandInput,
  TerminateInstancesCommandInput,
} from "@aws-sdk/client-ec2";
import { AwsError } from "../core/aws-error.ts";
import type { Operation } from "../core/kernel.ts";
import type { Capacity } from "./capacity.ts";
import { invalidParameter, required } from "./errors.ts";
import { beginEnd, beginLaunch, rebootMachine } from "./instance-power.ts";
import { shownState } from "./instance-shape.ts";
import { instanceType } from "./instance-type-table.ts";
import { operation } from "./operation.ts";
import type { InstanceRecord } from "./records.ts";
import type { Ec2World } from "./world.ts";

type Instance = Readonly<InstanceRecord>;

/** Terminate, stop, start and reboot: each refuses the whole request before anything happens. */
export function instanceActions(world: Ec2World, capacity: Capacity): Record<string, Operation> {
  const permissions = (action: string) => (input: { InstanceIds?: string[] | undefined }) =>
    (input.InstanceIds ?? []).map((id) => world.permission(action, "instance", id));
  return {
    ...operation<TerminateInstancesCommandInput, object>({
      name: "TerminateInstances",
      accepts: ["InstanceIds"],
      permissions: permissions("TerminateInstances"),
      run(input) {
        const instances = requireAll(world, input.InstanceIds);
        for (const one of instances)
          refuseProtected(one, one.disableApiTermination, "disableApiTermination", "terminated");
        for (const one of instances) {
          if (one.state !== "terminated" && one.state !== "shutting-down")
            beginEnd(world, one, "terminated", "User initiated");
        }
        return { TerminatingInstances: changes(world, instances) };
      },
    }),
    ...operation<StopInstancesCommandInput, object>({
      name: "StopInstances",
      accepts: ["InstanceIds", "Force"],
      permissions: permissions("StopInstances"),
      run(input) {
        const instances = requireAll(world, input.InstanceIds);
        for (const one of instances) {
          refuseProtected(one, one.disableApiStop, "disableApiStop", "stopped");
          if (!["running", "stopping", "stopped"].includes(one.state)) throw wrongState(one, "stopped");
        }
        for (const one of instances) if (one.state === "running") beginEnd(world, one, "stopped", "User initiated");
        return { StoppingInstances: changes(world, instances) };
      },
    }),
    ...operation<StartInstancesCommandInput, object>({
      name: "StartInstances",
      accepts: ["InstanceIds"],
      permissions: permissions("StartInstances"),
      run(input) {
        const instances = requireAll(world, input.InstanceIds);
        for (const one of instances) {
          if (!["running", "pending", "stopped"].includes(one.state)) throw wrongState(one, "started");
          const type = instanceType(one.instanceType);
          if (one.state === "stopped" && type) capacity.grant(type, one.availabilityZone, 1, 1);
        }
        for (const one of instances) if (one.state === "stopped") start(world, one);
        return { StartingInstances: changes(world, instances) };
      },
    }),
    ...operation<RebootInstancesCommandInput, object>({
      name: "RebootInstances",
      accepts: ["InstanceIds"],
      permissions: permissions("RebootInstances"),
      run(input) {
        const instances = requireAll(world, input.InstanceIds);
        for (const one of instances) if (one.state !== "running") throw wrongState(one, "rebooted");
        for (const one of instances) rebootMachine(world, one.instanceId);
        return {};
      },
    }),
    ...operation<GetConsoleOutputCommandInput, object>({
      name: "GetConsoleOutput",
      accepts: ["InstanceId", "Latest"],
      permissions: (input) => [world.permission("GetConsoleOutput", "instance", input.InstanceId ?? "*")],
      async run(input) {
        const one = world.require(world.instances, "i-", required(input.InstanceId, "InstanceId"));
        const kept = world.kernel.store.collection<{ text: string }>("ec2.consoles").get(one.instanceId);
        const text = kept?.text ?? (await world.machines.console(one.instanceId));
        return {
          InstanceId: one.instanceId,
          Timestamp: new Date(world.now()),
          Output: Buffer.from(text).toString("base64"),
        };
      },
    }),
  };
}

function requireAll(world: Ec2World, ids: string[] | undefined): Instance[] {
  const wanted = required(ids, "InstanceId");
  if (wanted.length === 0) throw invalidParameter("No instance IDs were given.");
  return [...new Set(wanted)].map((id) => world.require(world.instances, "i-", id));
}

function refuseProtected(one: Instance, isProtected: boolean, attribute: string, what: string): void {
  if (!isProtected || one.state === "terminated") return;
  throw new AwsError(
    "OperationNotPermitted",
    `The instance '${one.instanceId}' may not be ${what}. Modify its '${attribute}' instance attribute and try again.`,
  );
}

function wrongState(one: Instance, what: string): AwsError {
  return new AwsError(
    "IncorrectInstanceState",
    `The instance '${one.instanceId}' is not in a state from which it can be ${what}. (${one.state})`,
  );
}

function start(world: Ec2World, one: Instance): void {
  const { stateReason: _why, impairedAtMs: _since, ...rest } = one;
  const pending: InstanceRecord = {
    ...rest,
    state: "pending",
    transitionReason: "",
    launchedAtMs: world.now(),
    health: "initializing",
  };
  world.instances.put(one.instanceId, pending);
  beginLaunch(world, pending);
}

function changes(world: Ec2World, before: readonly Instance[]) {
  return before.map((one) => ({
    InstanceId: one.instanceId,
    PreviousState: shownState(one.state),
    CurrentState: shownState(world.instances.get(one.instanceId)?.state ?? one.state),
  }));
}
