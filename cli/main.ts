import { endWithReader } from "./closed-pipe.ts";
import { runProgram } from "./program.ts";
import { terminalAsk } from "./terminal/ask.ts";

endWithReader(process.stdout, process.stderr);
await runProgram(process.argv.slice(2), {
  stdout: process.stdout,
  stderr: process.stderr,
  setExitCode: (code) => {
    process.exitCode = code;
  },
  ...(process.stdin.isTTY && process.stderr.isTTY && { ask: terminalAsk }),
});
