import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { runProgram } from "../../cli/program.ts";
import type { InstanceRecord } from "../../local/ec2/records.ts";
import { openWorld, type World } from "./support/world.ts";

let world: World;

beforeAll(async () => {
  world = await openWorld();
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await world?.close();
});

/** A recipe whose program is what the release's start command needs: without it nothing would listen. */
const recipe = {
  recipe: "launcher",
  architecture: "",
  files: [
    {
      path: "/opt/launcher/start",
      content: '#!/bin/sh\necho "started by the golden launcher"\nexec node server.js\n',
      mode: "0755",
    },
  ],
  scripts: ["mkdir -p opt/launcher/state", "echo 24 >opt/launcher/state/version"],
  checks: ["test -x opt/launcher/start", 'test "$(cat opt/launcher/state/version)" = 24'],
};

async function kiln(...args: string[]): Promise<Record<string, unknown>> {
  vi.stubEnv("AWS_ENDPOINT_URL", world.stage.connection.endpoint);
  let stdout = "";
  await runProgram([...args, "--json"], {
    stdout: { write: (text) => (stdout += text) },
    stderr: { write() {} },
    setExitCode() {},
  });
  vi.unstubAllEnvs();
  return JSON.parse(stdout.trimEnd().split("\n").at(-1) ?? "");
}

it("builds a recipe, tries it on a throw-away instance, and runs a program that needs what it installed", async () => {
  const file = join(world.directory, "recipe.yaml");
  // JSON is YAML too.
  await writeFile(file, JSON.stringify({ ...recipe, architecture: world.spec.architecture }));
  const applied = await kiln("base", "apply", file);
  expect(applied).toMatchObject({ recipe: "launcher", unchanged: false, imageId: expect.stringMatching(/^ami-/) });

  const command = 'exec "$KILN_ROOT/opt/launcher/start"';
  await world.apply({ base: { recipe: "launcher" }, command });
  const ended = await world.ended(await world.push("1.0.0"));
  expect(ended, ended.cause).toMatchObject({ status: "SUCCEEDED" });
  expect(ended.path).not.toContain("PrepareBase");
  expect((await world.live()).version).toBe("1.0.0");
  expect((await world.stage.ledger.release("web", "web-000001"))?.base).toMatchObject({
    name: "recipe launcher",
    golden: { recipe: "launcher", recipeDigest: applied["digest"] },
  });
  const { kernel } = world.embedded.cloud;
  const builders = kernel.store
    .collection<InstanceRecord>("ec2.instances")
    .list()
    .filter(({ tags, state }) => tags["kiln:role"] === "builder" && state !== "terminated");
  expect(builders).toEqual([]);
});

it("refuses a recipe whose check fails with what it printed, and leaves no image", async () => {
  const file = join(world.directory, "broken.yaml");
  const broken = { ...recipe, recipe: "broken", checks: ['echo "no such version" >&2; exit 4'] };
  await writeFile(file, JSON.stringify({ ...broken, architecture: world.spec.architecture }));
  expect(await kiln("base", "apply", file)).toMatchObject({
    error: { name: "GoldenBuildFailedError", what: expect.stringMatching(/Failed with exit code 4: no such version/) },
    exitCode: 1,
  });
  const [, failed] = (await world.stage.recipes.builds()).sort((a, b) => (a.phase > b.phase ? -1 : 1));
  expect(failed).toMatchObject({ recipe: "broken", phase: "failed" });
  const images = world.embedded.cloud.kernel.store.collection<{ name: string }>("ec2.images").list();
  expect(images.filter(({ name }) => name.startsWith("kiln/dev/golden/"))).toHaveLength(1);
});
