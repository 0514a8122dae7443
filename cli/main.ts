import { runProgram } from "./program.ts";

await runProgram(process.argv.slice(2), {
  stdout: process.stdout,
  stderr: process.stderr,
  setExitCode: (code) => {
    process.exitCode = code;
  },
});
