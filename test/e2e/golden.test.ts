import { cp, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { makeBaseReady } from "../../cli/base-ready.ts";
import { outputTo } from "../../cli/output.ts";
import type { InstanceRecord, SecurityGroupRecord } from "../../local/ec2/records.ts";
import { findIsolation, findOwnRoot } from "../../local/machine/isolation.ts";
import { resolveBase } from "../../shared/base-resolution.ts";
import { tagKeys } from "../../shared/domain/names.ts";
import { parseRecipe } from "../../shared/domain/recipe.ts";
import { runKiln } from "./support/kiln-command.ts";
import { until } from "./support/until.ts";
import { examples } from "./support/visitor.ts";
import { openWorld, type World } from "./support/world.ts";

const isolation = findIsolation();
/** Elsewhere a recipe's programs would see the files of this host, and the scripts of the next would change them. */
const hasOwnRoot = isolation !== undefined && (await findOwnRoot(isolation, tmpdir()));

const silence = outputTo({ stdout: { write() {} }, stderr: { write() {} } }, false);

/** Debian has no agent of Systems Manager. */
const withoutAgent = { x86_64: "ami-0deb1200000000001", arm64: "ami-0deb1200000000002" };

let world: World;

beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world?.close());

/** What `kiln base apply` does, without a word. @throws what the build failed with. */
async function build(document: { recipe: string } & Record<string, unknown>): Promise<void> {
  const { architecture } = world.spec;
  const instanceType = architecture === "arm64" ? "t4g.small" : "t3.small";
  const parsed = parseRecipe({ architecture, instanceType, ...document });
  if ("problems" in parsed) throw new Error(JSON.stringify(parsed.problems));
  await world.stage.recipes.apply(parsed.recipe);
  const wish = { base: { recipe: document.recipe }, architecture };
  await makeBaseReady(world.stage, await resolveBase(wish, undefined, world.stage), undefined, silence);
}

async function whyFailed(document: { recipe: string } & Record<string, unknown>): Promise<string> {
  return build(document).then(
    () => "it did not fail",
    (error: unknown) => String(error),
  );
}

function builders(): Readonly<InstanceRecord>[] {
  const instances = world.embedded.cloud.kernel.store.collection<InstanceRecord>("ec2.instances").list();
  return instances.filter(({ tags, state }) => tags[tagKeys.role] === "builder" && state !== "terminated");
}

/** What builds may not leave: instances, groups, and images or snapshots that passed nothing. */
async function leftOfBuilds(): Promise<string[]> {
  const groups = world.embedded.cloud.kernel.store.collection<SecurityGroupRecord>("ec2.security-groups").list();
  const { holdings } = await world.inventory();
  return [
    ...builders().map(({ instanceId }) => instanceId),
    ...groups.filter(({ tags }) => tags[tagKeys.golden]).map(({ groupId }) => groupId),
    ...holdings.filter(({ role }) => role === "base-trial").map(({ id }) => id),
  ];
}

/** Takes the throw-away instance of a build away, as the end of a host does. */
async function loseTester(recipe: string): Promise<void> {
  const instanceId = await until(`the throw-away instance of ${recipe}`, async () => {
    const records = await world.stage.recipes.builds();
    return records.find((one) => one.recipe === recipe)?.tester?.instanceId;
  });
  const { kernel, administrator } = world.embedded.cloud;
  await until("it to run", () => builders().some((one) => one.instanceId === instanceId && one.state === "running"));
  await kernel.call("ec2", "TerminateInstances", { InstanceIds: [instanceId] }, administrator);
}

describe.runIf(hasOwnRoot)("a golden recipe on real machines", () => {
  it("becomes a base whose files the program of a service really reads", async () => {
    const recipe = {
      recipe: "runtime",
      architecture: world.spec.architecture,
      instanceType: world.spec.instanceType,
      files: [
        { path: "/opt/runtime/version", content: "24\n" },
        { path: "/usr/local/bin/runtime", content: "#!/bin/sh\nexec cat /opt/runtime/version\n", mode: "0755" },
      ],
      scripts: ["runtime | sed s/^/runtime-/ >/srv/installed"],
      checks: ['test "$(runtime)" = 24', "grep -qx runtime-24 /srv/installed"],
    };
    const file = join(world.directory, "recipe.yaml");
    await writeFile(file, stringify(recipe));
    expect(await runKiln(world, "base", "apply", file)).toMatchObject({
      recipe: "runtime",
      unchanged: false,
      imageId: expect.stringMatching(/^ami-/),
    });
    expect(await leftOfBuilds()).toEqual([]);

    const program = await mkdtemp(join(tmpdir(), "kiln-golden-"));
    try {
      await cp(examples.web, program, { recursive: true });
      const server = [
        'import { readFileSync } from "node:fs";',
        'process.env.GREETING = readFileSync("/srv/installed", "utf8").trim();',
        'await import("./server.js");',
      ];
      await writeFile(join(program, "golden.mjs"), server.join("\n"));
      await writeFile(join(program, "Procfile"), "web: echo on $(runtime) && exec node golden.mjs\n");
      await world.apply({ base: { recipe: "runtime" } });
      const ended = await world.ended(await world.push("1.0.0", program));
      expect(ended, ended.cause).toMatchObject({ status: "SUCCEEDED" });
    } finally {
      await rm(program, { recursive: true });
    }
    const answer = await until("the service to answer", async () => {
      const one = await world.live();
      return one.status === 200 && one;
    });
    expect(JSON.parse(answer.body)).toMatchObject({ release: "web-000001", greeting: "runtime-24" });
  });

  it("leaves nothing and says why, whichever of its steps fails", async () => {
    const files = [{ path: "/opt/runtime/version", content: "25\n" }];
    const lost = whyFailed({ recipe: "tester-lost", files, checks: ["sleep 600"] });
    const failures = await Promise.all([
      whyFailed({ recipe: "script-fails", scripts: ["echo no such mirror >&2; exit 9"] }),
      whyFailed({ recipe: "package-missing", packages: ["jq"] }),
      whyFailed({ recipe: "check-fails", files, checks: ['test "$(cat /opt/runtime/version)" = 24'] }),
      whyFailed({ recipe: "no-agent", parent: { ami: withoutAgent[world.spec.architecture] }, files }),
      loseTester("tester-lost").then(() => lost),
    ]);
    expect(failures).toEqual([
      expect.stringContaining("builder: Failed with exit code 9: no such mirror. Nothing of the attempt is left."),
      expect.stringContaining("the parent has neither dnf nor apt-get"),
      expect.stringContaining("tester: Failed with exit code 1"),
      expect.stringContaining("builder: its SSM agent was not heard of"),
      expect.stringMatching(/tester: it is (shutting-down|terminated)/),
    ]);
    expect(await leftOfBuilds()).toEqual([]);
    const records = await world.stage.recipes.builds();
    expect(records.filter(({ phase }) => phase === "failed")).toHaveLength(5);
    expect((await world.live()).status).toBe(200);
  });
});
