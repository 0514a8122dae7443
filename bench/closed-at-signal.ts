const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Exit code of a program that Ctrl-C has ended, as shells have it: 128 + 2. */
const interruptedCode = 130;

/**
 * Makes sure that a cloud is closed once, also when the benchmark is interrupted: its instances are processes that would
 * live on. Returns what is to be called at the end.
 */
export function closedAtSignal(close: () => Promise<void>): () => Promise<void> {
  let closing: Promise<void> | undefined;
  const closeOnce = () => {
    closing ??= close();
    return closing;
  };
  const interrupted = () => void closeOnce().finally(() => process.exit(interruptedCode));
  for (const signal of signals) process.once(signal, interrupted);
  return async () => {
    await closeOnce();
    for (const signal of signals) process.off(signal, interrupted);
  };
}
