import { InvalidArgumentError } from "commander";

/** Reads an option that must be a number above zero. */
export function positiveNumber(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !Number.isFinite(value) || value <= 0) {
    throw new InvalidArgumentError("it must be a number above 0.");
  }
  return value;
}
