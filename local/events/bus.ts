import { AwsError } from "../core/aws-error.ts";
import type { AwsEvent, Kernel, Operation } from "../core/kernel.ts";
import type { EventEnvelope } from "./documents.ts";

/** ARN of the one bus this cloud has. */
export function busArn(kernel: Kernel): string {
  return kernel.arn("events", "event-bus/default");
}

export function isDefaultBus(kernel: Kernel, name: string | undefined): boolean {
  return name === undefined || name === "default" || name === busArn(kernel);
}

/** @throws {AwsError} ResourceNotFoundException for any bus but the default one. */
export function checkBus(kernel: Kernel, name: string | undefined): void {
  if (isDefaultBus(kernel, name)) return;
  throw new AwsError("ResourceNotFoundException", `Event bus ${name} does not exist.`, 400);
}

/** The envelope around what a service or a program says. */
export function envelopeOf(kernel: Kernel, event: AwsEvent): EventEnvelope {
  return {
    version: "0",
    id: kernel.random.uuid(),
    "detail-type": event["detail-type"],
    source: event.source,
    account: kernel.settings.accountId,
    time: wholeSeconds(event.atMs ?? kernel.clock.now()),
    region: kernel.settings.region,
    resources: event.resources,
    detail: event.detail,
  };
}

function wholeSeconds(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}

export function busOperations(kernel: Kernel): Record<string, Operation> {
  const bus = () => ({ Name: "default", Arn: busArn(kernel) });
  return {
    DescribeEventBus: {
      permissions: () => [{ action: "events:DescribeEventBus", resource: busArn(kernel) }],
      run: (input: { Name?: string }) => {
        checkBus(kernel, input.Name);
        return bus();
      },
    },
    ListEventBuses: {
      run: (input: { NamePrefix?: string }) => ({
        EventBuses: "default".startsWith(input.NamePrefix ?? "") ? [bus()] : [],
      }),
    },
  };
}
