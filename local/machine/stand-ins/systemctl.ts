import { connect } from "node:net";
import type { InitAnswer } from "../init-config.ts";
import { readJsonLine, writeJsonLine } from "../json-lines.ts";

/** systemctl of a machine in the embedded cloud: asks the machine's init, and never the host's service manager. */
const socket = connect(process.env["KILN_MACHINE_SOCKET"] ?? "");
socket.on("error", (error) => {
  process.stderr.write(`Failed to connect to the machine's init: ${error.message}\n`);
  process.exit(1);
});
writeJsonLine(socket, { systemctl: process.argv.slice(2) });
const answer = await readJsonLine<InitAnswer>(socket);
socket.destroy();
if ("exitCode" in answer) {
  process.stdout.write(answer.stdout);
  process.stderr.write(answer.stderr);
  process.exitCode = answer.exitCode;
} else {
  process.exitCode = 1;
}
