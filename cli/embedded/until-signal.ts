/** Resolves with the first SIGINT, SIGTERM or SIGHUP; further ones change nothing, while things are being put away. */
export function untilSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => resolve(signal));
  });
}
