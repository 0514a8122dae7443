import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { Load } from "../../../cli/demo/load.ts";

test("runs in a process of its own, reports its counts, and ends when it is told to", async () => {
  const enough = Promise.withResolvers<void>();
  let answered = 0;
  const server = createServer((_request, response) => {
    answered += 1;
    if (answered === 20) enough.resolve();
    response.end('{"release":"web-000001"}');
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  const load = new Load({ url, connections: 2, perSecond: 200, seconds: 60, slowEvery: 0, slowPath: "/" });
  await enough.promise;
  const counts = await load.stop();
  server.close();
  expect(counts).toMatchObject({ requests: answered, failed: 0, byRelease: { "web-000001": answered } });
});
