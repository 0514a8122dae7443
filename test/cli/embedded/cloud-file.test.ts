import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { findCloud, removeCloudNote, writeCloudNote } from "../../../cli/embedded/cloud-file.ts";

let home: string;
let server: Server;
let endpoint: string;
beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), "kiln-note-"));
  vi.stubEnv("KILN_HOME", home);
  server = createServer((_request, response) => response.end('{"status":"ok"}'));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(() => {
  vi.unstubAllEnvs();
  server.close();
  rmSync(home, { recursive: true, force: true });
});

test("finds the cloud that wrote a note, until it takes it away", async () => {
  expect(await findCloud()).toBeUndefined();
  const note = { endpoint, pid: process.pid, region: "us-east-1" };
  await writeCloudNote(note);
  expect(await findCloud()).toEqual(note);
  await removeCloudNote(process.pid);
  expect(await findCloud()).toBeUndefined();
});

test("does not believe the note of a cloud that is gone", async () => {
  await writeCloudNote({ endpoint: "http://127.0.0.1:1", pid: process.pid, region: "us-east-1" });
  expect(await findCloud()).toBeUndefined();
  // The largest process id Linux gives; nothing runs under it here.
  await writeCloudNote({ endpoint, pid: 4_194_304, region: "us-east-1" });
  expect(await findCloud()).toBeUndefined();
});

test("leaves the note of another cloud alone", async () => {
  await writeCloudNote({ endpoint, pid: process.pid, region: "us-east-1" });
  await removeCloudNote(process.pid + 1);
  expect(await findCloud()).toMatchObject({ endpoint });
});
