import { createInterface } from "node:readline";
import jsonata from "jsonata";

/**
 * Evaluates JSONata for moto's engine, which comes without: one JSON text a line in, one out. Of the functions that Step
 * Functions adds, only those that do not depend on time or chance are here; another one fails by name.
 */
for await (const line of createInterface({ input: process.stdin })) {
  let answer;
  try {
    const expression = jsonata(JSON.parse(line));
    expression.registerFunction("parse", (text) => (text === undefined ? undefined : JSON.parse(text)));
    const value = await expression.evaluate(undefined);
    answer = value === undefined ? { error: "it returned nothing (undefined)" } : { value };
  } catch (error) {
    answer = { error: error.message ?? String(error) };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
