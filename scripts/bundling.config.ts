import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { Plugin } from "esbuild";

/**
 * Lets the bundler leave out what a handler never calls. The SDK's schemas are objects with computed keys (`[_eQN]: …`);
 * esbuild keeps an object whose keys it cannot know, and with it nearly all of EC2's 560 kB. Each of those keys is a
 * constant string of the same file, so it is written in its place. A service's error classes are registered at load;
 * unregistered, an error is the service's base class with the code of the answer as its name, as EC2's always are, and
 * Kiln tells errors apart by that name alone.
 */
const knownKeys: Plugin = {
  name: "known-keys",
  setup(build) {
    build.onLoad({ filter: /@(aws-sdk|smithy)\/.*\/schemas\/schemas_\d+\.js$/ }, async ({ path }) => {
      const source = await readFile(path, "utf8");
      const names = new Map(
        [...source.matchAll(/^const (_\w+) = ("[^"\n]*");$/gm)].map(([, name, text]) => [name, text]),
      );
      const contents = source
        .replaceAll(/\[(_\w+)\]:/g, (key, name) => (names.has(name) ? `[${names.get(name)}]:` : key))
        .replaceAll(/^n0_registry\.registerError\(\S+, \w+\);$/gm, "");
      return { contents, loader: "js" };
    });
  },
};

/** A Lambda function's credentials are in its environment: the SDK's other ways to find some are dead weight there. */
const environmentCredentials: Plugin = {
  name: "environment-credentials",
  setup(build) {
    const path = fileURLToPath(new URL("lambda-credentials.ts", import.meta.url));
    build.onResolve({ filter: /^@aws-sdk\/credential-provider-node$/ }, () => ({ path }));
  },
};

export default [knownKeys, environmentCredentials];
