import { expect, test } from "vitest";
import { violations } from "./dependency-rule.ts";
import { importsOf, sources } from "./sources.ts";

test("every file imports only what the design allows its part", () => {
  const found = sources(/\.(ts|mjs|js|tsx)$/).flatMap(violations);
  expect(found).toEqual([]);
});

test.each([
  ["shared/domain/capacity.ts", 'import { read } from "../aws/ledger.ts";'],
  ["shared/domain/capacity.ts", 'import { readFileSync } from "node:fs";'],
  ["shared/domain/capacity.ts", 'import type { Instance } from "@aws-sdk/client-ec2";'],
  ["shared/config.ts", 'import { S3Client } from "@aws-sdk/client-s3";'],
  ["shared/config.ts", 'import { run } from "../functions/bake.ts";'],
  ["functions/bake.ts", 'import { launch } from "./launch.ts";'],
  ["functions/bake.ts", 'const { EC2Client } = await import("@aws-sdk/client-ec2");'],
  ["boot/user-data.ts", 'import { z } from "zod";'],
  ["boot/user-data.ts", 'import { capacity } from "../shared/domain/capacity.ts";'],
  ["local/s3/service.ts", 'import { key } from "../../shared/domain/keys.ts";'],
  ["local/s3/service.ts", 'export { admit } from "../../functions/admit.ts";'],
  ["cli/main.ts", 'import { work } from "../test/work.ts";'],
])("refuses in %s: %s", (path, text) => {
  expect(violations({ path, text: `${text}\n` })).toHaveLength(1);
});

test.each([
  ["shared/domain/image.ts", 'import type { VolumeLayout } from "../../boot/release-volume.ts";'],
  ["shared/domain/image.ts", 'import { createHash } from "node:crypto";'],
  ["shared/aws/images.ts", 'import { EC2Client } from "@aws-sdk/client-ec2";'],
  ["functions/bake.ts", 'import { images } from "../shared/aws/images.ts";'],
  ["functions/bake.ts", 'import { layOut } from "../boot/release-volume.ts";'],
  ["local/ec2/service.ts", 'import { Kernel } from "../core/kernel.ts";'],
  ["cli/main.ts", 'import { startServer } from "../local/server/server.ts";'],
  ["functions/bake.ts", '// import { launch } from "./launch.ts";'],
])("allows in %s: %s", (path, text) => {
  expect(violations({ path, text: `${text}\n` })).toEqual([]);
});

test("sees imports over several lines, for effect and of types", () => {
  const text =
    'import {\n  a,\n  b,\n} from "./a.ts";\nimport "./b.ts";\nexport * from "../c.ts";\nimport type { D } from "d";\n';
  expect(
    importsOf({ path: "shared/x/y.ts", text })
      .map(({ target, specifier }) => target ?? specifier)
      .sort(),
  ).toEqual(["d", "shared/c.ts", "shared/x/a.ts", "shared/x/b.ts"]);
});
