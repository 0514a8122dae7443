import { execFile } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { renderUserData, type UserDataInput } from "../../boot/user-data.ts";
import { type ReleaseFiles, writeVolumeImage } from "../../scripts/vm/volume-image.ts";

const manifest: { commands: Record<string, unknown> } = JSON.parse(readFileSync("boot/base-commands.json", "utf8"));

/** Commands that would change the machine the tests run on; each records how it was called. */
const standIns = ["systemctl", "blockdev"];

/** A directory that stands for the root of an instance, with a base's commands and a release volume. */
export class BootRoot {
  readonly path: string;
  #userData: Partial<UserDataInput> = {};

  constructor(name = "root") {
    this.path = join(mkdtempSync(join(tmpdir(), "kiln-boot-")), name);
    mkdirSync(join(this.path, "dev"), { recursive: true });
    mkdirSync(join(this.path, "usr/bin"), { recursive: true });
    for (const command of Object.keys(manifest.commands)) this.#addCommand(command);
  }

  [Symbol.dispose](): void {
    rmSync(join(this.path, ".."), { recursive: true, force: true });
  }

  /** Puts a release volume at a device and remembers its digest for the user data. */
  addVolume(device: string, files: ReleaseFiles) {
    const { layout, headerSha256 } = writeVolumeImage(join(this.path, device), files);
    this.#userData = { ...this.#userData, headerSha256 };
    return layout;
  }

  flipBit(device: string, byte: number): void {
    const file = join(this.path, device);
    const bytes = readFileSync(file);
    bytes[byte] = (bytes[byte] ?? 0) ^ 1;
    writeFileSync(file, bytes);
  }

  /** Runs the user data as cloud-init would, with nothing but the base's commands. */
  boot(change: Partial<UserDataInput> = {}): Promise<{ code: number; output: string }> {
    const script = join(this.path, "user-data");
    writeFileSync(
      script,
      renderUserData({
        stage: "dev",
        service: "web",
        generation: "web-000042",
        port: 8080,
        headerSha256: "0".repeat(64),
        stopSeconds: 25,
        environment: {},
        ...this.#userData,
        ...change,
      }),
    );
    const env = { PATH: join(this.path, "usr/bin"), KILN_ROOT: this.path, KILN_WAIT_SECONDS: "0" };
    return new Promise((resolve) => {
      execFile(join(this.path, "usr/bin/bash"), [script], { env, cwd: this.path }, (error, stdout, stderr) => {
        resolve({ code: typeof error?.code === "number" ? error.code : 0, output: stdout + stderr });
      });
    });
  }

  read(file: string): string {
    return readFileSync(join(this.path, file), "utf8");
  }

  has(file: string): boolean {
    return existsSync(join(this.path, file));
  }

  /** How the stand-ins were called, in order. */
  calls(): string[] {
    return this.has("calls") ? this.read("calls").trim().split("\n") : [];
  }

  #addCommand(command: string): void {
    const target = join(this.path, "usr/bin", command);
    if (standIns.includes(command)) {
      writeFileSync(target, `#!/bin/bash\necho "${command} $*" >>"$KILN_ROOT/calls"\n`);
      chmodSync(target, 0o755);
      return;
    }
    const directory = (process.env["PATH"] ?? "").split(delimiter).find((path) => existsSync(join(path, command)));
    if (directory === undefined) throw new Error(`this machine has no ${command}, which every base ships`);
    symlinkSync(join(directory, command), target);
  }
}
