/** A fleet's minimum size, raised for a while: one line of `services/<service>/pins.json`. */
export interface Pin {
  /** Whose fleet. */
  generation: string;
  /** The minimum it is held at. Unit: instances. */
  min: number;
  /** The minimum it goes back to. Unit: instances. */
  lasting: number;
  /** ISO time after which the sweep takes the pin away, even if its maker is gone. */
  until: string;
  /** Execution that made it. */
  by: string;
  /** For a person who finds it. */
  reason: string;
}

/**
 * Unit: milliseconds. A pin made by a deploy outlives the longest execution of the deploy machine (six hours) by an hour;
 * whoever settles takes it away much earlier.
 */
export const deployPinMs = 7 * 3_600_000;

/** The pins with one more; another one of the same fleet gives way, but what it will go back to stays what it was. */
export function withPin(pins: readonly Pin[], pin: Pin): Pin[] {
  const before = pins.find(({ generation }) => generation === pin.generation);
  const others = pins.filter((other) => other !== before);
  return [...others, before ? { ...pin, lasting: before.lasting } : pin];
}

/**
 * Pins to take away once nothing is under way: all but that of the hot standby, which holds until its window is over.
 */
export function duePins(pins: readonly Pin[], standby: string | undefined, nowMs: number): Pin[] {
  return pins.filter((pin) => pin.generation !== standby || isOver(pin, nowMs));
}

/** Pins whose time is over, whoever made them. */
export function expiredPins(pins: readonly Pin[], nowMs: number): Pin[] {
  return pins.filter((pin) => isOver(pin, nowMs));
}

function isOver(pin: Pin, nowMs: number): boolean {
  return Date.parse(pin.until) <= nowMs;
}
