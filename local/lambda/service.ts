import type { InvocationRequest } from "@aws-sdk/client-lambda";
import type { Kernel, Operation, Service } from "../core/kernel.ts";
import { resourceTagConditions } from "../core/tag-conditions.ts";
import { aliasOperations } from "./aliases.ts";
import { FunctionCatalog, invalidParameter } from "./catalog.ts";
import type { CodeFiles } from "./code-files.ts";
import { AsynchronousEvents } from "./events.ts";
import { functionArn } from "./function-record.ts";
import { functionOperations } from "./functions.ts";
import { Invocations, type MetricRecorder } from "./invoke.ts";
import { parseFunctionReference } from "./names.ts";
import { Packages } from "./packages.ts";
import { FunctionPolicies } from "./policies.ts";
import { lambdaRequestLimits } from "./request-limits.ts";
import type { FunctionRunner } from "./runner.ts";
import { tagOperations } from "./tags.ts";
import { versionOperations } from "./versions.ts";

export interface LambdaDrivers {
  runner: FunctionRunner;
  code: CodeFiles;
  /** Where AWS/Lambda metrics go; nowhere when left out. */
  record?: MetricRecorder;
}

/**
 * AWS Lambda: functions from zip packages, versions, aliases, synchronous and asynchronous invocation. Differences from
 * AWS: no container images, layers, VPC isolation, SnapStart or durable functions; an idle environment is not frozen; where
 * the host has no `/proc` or no `setpriv`, a function has all the processor it asks for, which is said at the start; an
 * update of `$LATEST` takes effect at once although it is `InProgress` for a while.
 */
export class LambdaService implements Service {
  readonly id = "lambda";
  readonly limits = lambdaRequestLimits;
  readonly operations: Readonly<Record<string, Operation>>;
  readonly #runner: FunctionRunner;
  readonly #policies: FunctionPolicies;

  constructor(kernel: Kernel, drivers: LambdaDrivers) {
    const { runner } = drivers;
    const catalog = new FunctionCatalog(kernel);
    const packages = new Packages(kernel, drivers.code);
    const policies = new FunctionPolicies(catalog);
    const record = drivers.record ?? (() => {});
    const invocations = new Invocations(kernel, { catalog, packages, runner, record });
    const events = new AsynchronousEvents(kernel, catalog, invocations);
    this.#runner = runner;
    this.#policies = policies;
    this.operations = {
      ...functionOperations(kernel, { catalog, packages, policies, runner }),
      ...versionOperations(catalog),
      ...aliasOperations(catalog),
      ...policies.operations,
      ...events.operations,
      ...tagOperations(catalog),
      Invoke: {
        permissions: (input: InvocationRequest) => {
          const { name, qualifier } = parseFunctionReference(input.FunctionName, input.Qualifier);
          const context = resourceTagConditions(catalog.functions.get(name)?.tags);
          return [{ action: "lambda:InvokeFunction", resource: functionArn(kernel, name, qualifier), context }];
        },
        run: (input: InvocationRequest, call) => {
          const type = input.InvocationType ?? "RequestResponse";
          if (input.TenantId !== undefined || input.DurableExecutionName !== undefined) {
            throw invalidParameter("The embedded cloud has no tenants and no durable executions of functions.");
          }
          if (type === "RequestResponse") return invocations.requestResponse(input, call);
          if (type === "Event") return events.accept(input, call);
          invocations.admit(input);
          return { StatusCode: 204 };
        },
      },
    };
  }

  /** The resource-based policy of exactly this function, version or alias, for the policy engine. */
  resourcePolicy(arn: string): string | undefined {
    const document = this.#policies.document(arn);
    return document && JSON.stringify(document);
  }

  async stop(): Promise<void> {
    await this.#runner.stop();
  }
}
