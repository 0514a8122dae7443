import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { findIsolation, findOwnRoot } from "../../../local/machine/isolation.ts";
import type { MachineSpec } from "../../../local/machine/machine-host.ts";
import { ownRootPlaces } from "../../../local/machine/own-root.ts";
import { ProcessHost } from "../../../local/machine/process-host.ts";

/** A program that answers every connection with its disk's first bytes, and says farewell when it is told to stop. */
const program = `
const { readFileSync } = require("node:fs");
require("node:net").createServer((socket) => {
  socket.end(readFileSync(process.env.DISK).subarray(0, 5) + " on " + process.env.GREETING);
}).listen(Number(process.env.PORT), process.env.HOST ?? "0.0.0.0", () => console.log("listening"));
process.on("SIGTERM", () => { console.log("farewell"); process.exit(0); });
`;

function userData(): string {
  return `#!/bin/bash
set -eu
root=\${KILN_ROOT:-}
node=${ownRootPlaces.node}
[[ -x $node ]] || node=${process.execPath}
echo "user data runs as $(id -un) in $PWD"
command -v useradd >/dev/null && echo "useradd is here"
head -c 5 "$root/dev/nvme1n1"; echo
mkdir -p "$root/opt/app"
cat >"$root/opt/app/server.cjs" <<'PROGRAM'${program}PROGRAM
cat >"$root/etc/systemd/system/web.service" <<UNIT
[Service]
ExecStart=$node $root/opt/app/server.cjs
Environment="GREETING=port 8080" PORT=8080 DISK=$root/dev/nvme1n1
Restart=always
RestartSec=100ms
TimeoutStopSec=5
StandardOutput=journal+console
ProtectSystem=strict
Nonsense=1
[Install]
WantedBy=multi-user.target
UNIT
blockdev --setro "$root/dev/nvme1n1"
systemctl daemon-reload
systemctl enable --now --no-block web.service
`;
}

const found = findIsolation();
const hasOwnRoot = found !== undefined && (await findOwnRoot(found, tmpdir()));
const isolations = found ? (["detect", "none"] as const) : (["none"] as const);

describe.each(isolations)("a machine of processes (isolation: %s)", (isolation) => {
  let directory: string;
  let host: ProcessHost;
  let log: string[];
  let spec: MachineSpec;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), "kiln-machine-"));
    await writeFile(join(directory, "vol-root"), "");
    await writeFile(join(directory, "vol-release"), "hello from the volume");
    log = [];
    host = newHost();
    spec = {
      id: "i-0123456789abcdef0",
      base: "al2023",
      userData: userData(),
      disks: [
        { name: "nvme0n1", volumeId: "vol-root" },
        { name: "nvme1n1", volumeId: "vol-release" },
      ],
      hostname: "ip-172-31-0-4",
      privateIp: "172.31.0.4",
    };
  });

  afterEach(async () => {
    await host.stopAll();
    await rm(directory, { recursive: true, force: true });
  });

  function newHost(): ProcessHost {
    return new ProcessHost({
      directory: join(directory, "instances"),
      volumeFile: (volumeId) => join(directory, volumeId),
      log: (line) => log.push(line),
      isolation,
    });
  }

  /** What the program says, once it listens. */
  async function visit(): Promise<string> {
    for (;;) {
      try {
        return await text(await host.connect(spec.id, 8080));
      } catch (error) {
        expect(error).toMatchObject({ code: "ECONNREFUSED" });
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    }
  }

  it("boots user data that installs a service, and serves it through connect", async () => {
    await host.start(spec);
    expect(await visit()).toBe("hello on port 8080");

    const console = await host.console(spec.id);
    expect(console).toContain("cloud-init[1]: hello");
    expect(console).toContain("listening");
    expect(console).toContain("ignoring: Nonsense=1");
    expect(console).not.toContain("useradd is here");
    expect(await readFile(join(directory, "vol-release"), "utf8")).toBe("hello from the volume");
    await expect(host.connect(spec.id, 9999)).rejects.toMatchObject({ code: "ECONNREFUSED" });
    expect(log.some((line) => line.includes("without namespaces"))).toBe(isolation === "none");
  });

  it("counts as real work until its user data has run, whatever becomes of it", async () => {
    const work: string[] = [];
    const watched = new ProcessHost({
      directory: join(directory, "watched"),
      volumeFile: (volumeId) => join(directory, volumeId),
      log: () => {},
      isolation,
      realWork: () => {
        work.push("begins");
        return () => work.push("ends");
      },
    });
    try {
      const waits = `#!/bin/bash\nuntil [[ -e \${KILN_ROOT:-}/go ]]; do sleep 0.05; done; exit 1\n`;
      await watched.start({ ...spec, userData: waits });
      expect(work).toEqual(["begins"]);
      await watched.run(spec.id, `echo now >\${KILN_ROOT:-}/go`);
      await vi.waitFor(() => expect(work).toEqual(["begins", "ends"]));
    } finally {
      await watched.stopAll();
    }
    await expect(watched.start({ ...spec, base: undefined })).rejects.toThrow();
    expect(work).toEqual(["begins", "ends", "begins", "ends"]);
  });

  it("starts enabled services again after a reboot, without the user data, and tells programs to stop first", async () => {
    await host.start(spec);
    await visit();
    await host.reboot(spec);
    expect(await visit()).toBe("hello on port 8080");

    const console = await host.console(spec.id);
    expect(console.match(/user data runs/g)).toHaveLength(1);
    expect(console.match(/listening/g)).toHaveLength(2);
    expect(console.match(/farewell/g)).toHaveLength(1);
  });

  it("runs a script as an agent would, with the base's commands only", async () => {
    await host.start(spec);
    expect(await host.run(spec.id, "echo here | wc -l; exit 3")).toMatchObject({ exitCode: 3, stdout: "1\n" });
    const mount = await host.run(spec.id, "mount --version");
    expect(mount.exitCode).toBe(127);
  });

  it.runIf(isolation === "detect" && hasOwnRoot)(
    "sees its own files at their places, and none of the host's, which it cannot change",
    async () => {
      await host.start(spec);
      const script = `echo 24 >/opt/kiln-version; cat /opt/kiln-version; cat '${directory}/vol-release'`;
      const seen = await host.run(spec.id, script);
      expect(seen.stdout.split("\n")[0]).toBe("24");
      expect(seen.stderr).toContain("No such file or directory");
      expect(existsSync("/opt/kiln-version")).toBe(false);
      expect(await host.run(spec.id, "echo x >/usr/lib/kiln-version")).toMatchObject({
        stderr: expect.stringMatching(/Read-only file system|Permission denied/),
      });
      expect(existsSync("/usr/lib/kiln-version")).toBe(false);
      expect(await host.run(spec.id, "id -un; echo >/dev/null; echo /.h*")).toMatchObject({ stdout: "root\n/.host\n" });
    },
  );

  it("begins with the files that were kept of another, services included, but not with what belonged to that instance", async () => {
    await host.start(spec);
    await visit();
    await host.run(
      spec.id,
      `cd "\${KILN_ROOT:-}/"; mkdir -p opt/runtime; echo 24 >opt/runtime/version; echo x >tmp/left`,
    );
    await host.keepFiles(spec.id, "root-1");
    await host.run(spec.id, `echo 25 >"\${KILN_ROOT:-}/opt/runtime/version"`);
    await host.stop(spec.id);
    await host.remove(spec.id);

    await host.start({ ...spec, files: "root-1", userData: '#!/bin/sh\necho "first boot"' });
    expect(await visit()).toBe("hello on port 8080");
    const seen = await host.run(spec.id, `cd "\${KILN_ROOT:-}/"; cat opt/runtime/version; ls tmp`);
    expect(seen).toMatchObject({ exitCode: 0, stdout: "24\n" });
    await vi.waitFor(async () => expect(await host.console(spec.id)).toContain("first boot"), { timeout: 10_000 });

    await host.forgetFiles("root-1");
    await expect(host.start({ ...spec, id: "i-1", files: "root-1" })).rejects.toThrow();
  });

  it("ends a script at its limit or when it is cancelled, with everything the script started", async () => {
    await host.start(spec);
    const never = new AbortController();
    // Both programs hold the output: the answer comes only when the one in the background is gone too.
    const late = await host.run(spec.id, "echo before; sleep 1000 & sleep 1000", {
      limitSeconds: 0.2,
      cancelled: never.signal,
    });
    expect(late).toMatchObject({ exitCode: 137, stdout: "before\n", timedOut: true });

    const cancel = new AbortController();
    const running = host.run(spec.id, "sleep 1000", { limitSeconds: 1000, cancelled: cancel.signal });
    cancel.abort();
    await expect(running).rejects.toThrow("cancelled");
    expect(host.isUp(spec.id)).toBe(true);
  });

  it("reports a machine that dies, ends its programs, and keeps its last words", async () => {
    await host.start(spec);
    await visit();
    const reason = new Promise<string>((resolve) => host.onUnexpectedExit((_id, why) => resolve(why)));
    const record = JSON.parse(await readFile(join(directory, "instances", spec.id, "process.json"), "utf8"));
    process.kill(record.pid, "SIGKILL");

    expect(await reason).toContain("SIGKILL");
    expect(host.isUp(spec.id)).toBe(false);
    await expect(host.connect(spec.id, 8080)).rejects.toMatchObject({ code: "EHOSTUNREACH" });
    expect(await host.console(spec.id)).toContain("Kernel panic");
  });

  it("removes everything of a machine, and does not mind doing so twice", async () => {
    await host.start(spec);
    await host.stop(spec.id);
    await host.remove(spec.id);
    await host.remove(spec.id);
    expect(existsSync(join(directory, "instances", spec.id))).toBe(false);
    expect(existsSync(join(directory, "vol-release"))).toBe(true);
    expect(await host.console(spec.id)).toBe("");
  });

  it("does not boot a root volume without an operating system, and says so on the console", async () => {
    await expect(host.start({ ...spec, base: undefined })).rejects.toThrow("no operating system");
    expect(await host.console(spec.id)).toContain("No bootable device");
    expect(host.isUp(spec.id)).toBe(false);
  });
});
