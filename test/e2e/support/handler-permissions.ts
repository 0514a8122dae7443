import {
  DeleteRolePolicyCommand,
  GetRolePolicyCommand,
  IAMClient,
  ListRolePoliciesCommand,
  PutRolePolicyCommand,
} from "@aws-sdk/client-iam";
import { clientConfiguration } from "../../../cli/aws/connection.ts";
import type { World } from "./world.ts";

interface Statement {
  Action: string | string[];
  Resource: string | string[];
}

interface PolicyDocument {
  Statement: Statement[];
}

/** One action that a handler's role allows on some resources. */
export interface Permission {
  handler: string;
  /** Name of the policy in the role, and which of its statements it is, from 0. */
  policy: string;
  statement: number;
  action: string;
  /** Patterns of ARNs, or `*`. */
  resources: string[];
}

/** Name of the role of a handler. */
export function roleOf(handler: string): string {
  return `kiln-dev-${handler}`;
}

/**
 * Takes one action away from a handler's role while `run` runs, and puts it back.
 * @throws {Error} when the role does not allow the action in the first place.
 */
export async function without<T>(world: World, handler: string, action: string, run: () => Promise<T>): Promise<T> {
  return withIam(world, async (iam) => {
    const before = await policiesOf(iam, handler);
    const changed = before.filter(({ document }) =>
      document.Statement.some((one) => list(one.Action).includes(action)),
    );
    if (changed.length === 0) throw new Error(`role ${roleOf(handler)} does not allow ${action}`);
    for (const { name, document } of changed) await putWithout(iam, handler, name, document, action);
    try {
      return await run();
    } finally {
      for (const { name, document } of changed) await put(iam, handler, name, document);
    }
  });
}

/** Every permission that the roles of these handlers have. */
export async function permissionsOf(world: World, handlers: readonly string[]): Promise<Permission[]> {
  return withIam(world, async (iam) => {
    const found: Permission[] = [];
    for (const handler of handlers) {
      for (const { name: policy, document } of await policiesOf(iam, handler)) {
        for (const [statement, { Action, Resource }] of document.Statement.entries()) {
          const resources = list(Resource);
          found.push(...list(Action).map((action) => ({ handler, policy, statement, action, resources })));
        }
      }
    }
    return found;
  });
}

async function withIam<T>(world: World, use: (iam: IAMClient) => Promise<T>): Promise<T> {
  const iam = new IAMClient(clientConfiguration(world.stage.connection));
  try {
    return await use(iam);
  } finally {
    iam.destroy();
  }
}

async function policiesOf(iam: IAMClient, handler: string): Promise<{ name: string; document: PolicyDocument }[]> {
  const RoleName = roleOf(handler);
  const { PolicyNames = [] } = await iam.send(new ListRolePoliciesCommand({ RoleName }));
  return Promise.all(
    PolicyNames.map(async (name) => {
      const { PolicyDocument = "" } = await iam.send(new GetRolePolicyCommand({ RoleName, PolicyName: name }));
      return { name, document: JSON.parse(decodeURIComponent(PolicyDocument)) as PolicyDocument };
    }),
  );
}

async function putWithout(
  iam: IAMClient,
  handler: string,
  name: string,
  document: PolicyDocument,
  action: string,
): Promise<void> {
  const statements = document.Statement.map((one) => ({
    ...one,
    Action: list(one.Action).filter((other) => other !== action),
  })).filter(({ Action }) => Action.length > 0);
  // A policy without statements is none that IAM accepts.
  if (statements.length > 0) return put(iam, handler, name, { ...document, Statement: statements });
  await iam.send(new DeleteRolePolicyCommand({ RoleName: roleOf(handler), PolicyName: name }));
}

async function put(iam: IAMClient, handler: string, name: string, document: PolicyDocument): Promise<void> {
  await iam.send(
    new PutRolePolicyCommand({
      RoleName: roleOf(handler),
      PolicyName: name,
      PolicyDocument: JSON.stringify(document),
    }),
  );
}

function list(value: string | string[]): string[] {
  return Array.isArray(value) ? value : [value];
}
