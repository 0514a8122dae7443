import type { Fleets } from "./aws/fleets.ts";
import type { Ledger } from "./aws/ledger.ts";
import { fleetName } from "./domain/names.ts";
import { deployPinMs, type Pin, withPin } from "./domain/pins.ts";
import type { BaseWorld } from "./step.ts";
import type { ReleaseRef } from "./step-input.ts";

interface PinningWorld extends BaseWorld {
  ledger: Ledger;
  fleets: Fleets;
}

/**
 * Writes down that a fleet's minimum is about to be raised, before it is: whoever finds the raised minimum later finds
 * also what it goes back to.
 */
export async function pin(
  request: { execution: string; release: ReleaseRef },
  held: Pick<Pin, "generation" | "min" | "lasting">,
  { ledger, now }: Pick<PinningWorld, "ledger" | "now">,
): Promise<void> {
  const until = new Date(now() + deployPinMs).toISOString();
  const made = { ...held, until, by: request.execution, reason: `traffic moves to ${request.release.generation}` };
  await ledger.updatePins(request.release.service, (pins) => withPin(pins, made));
}

/**
 * Takes pins away: fleets that still stand and are as they were pinned get their lasting minimum back.
 * @param choose Which of the pins there are.
 * @param guard Asked before every change; throws when the lease is lost.
 */
export async function unpin(
  service: string,
  choose: (pins: readonly Pin[]) => Pin[],
  guard: () => Promise<void>,
  world: PinningWorld,
): Promise<void> {
  const going = choose(await world.ledger.pins(service));
  if (going.length === 0) return;
  const names = going.map(({ generation }) => fleetName(world.config.stage, generation));
  const fleets = await world.fleets.readEach(names);
  for (const [index, { min, lasting }] of going.entries()) {
    const fleet = fleets[index];
    // Somebody who changed the minimum since then knows better.
    if (!fleet || fleet.deleting || fleet.min !== min || lasting >= min) continue;
    await guard();
    await world.fleets.resize(fleet.name, { min: lasting, max: fleet.max });
  }
  const gone = new Set(going.map(({ generation, until }) => `${generation} ${until}`));
  await world.ledger.updatePins(service, (pins) =>
    pins.filter(({ generation, until }) => !gone.has(`${generation} ${until}`)),
  );
}
