import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type RunningCloud, startCloud } from "../../../local/cloud.ts";
import { motoDifferences } from "../../../scripts/documents/moto-differences.ts";
import { type MotoServer, startMoto } from "../support/moto-server.ts";
import { bakeContract, launchContract } from "./fleet-contract.ts";
import { openPlace, type Place } from "./place.ts";
import { artifactsContract, ledgerContract, pointersContract } from "./storage-contract.ts";

const contract = Object.entries({
  ...artifactsContract,
  ...ledgerContract,
  ...pointersContract,
  ...bakeContract,
  ...launchContract,
});

describe("Kiln's AWS layer on the embedded cloud", () => {
  let cloud: RunningCloud;
  let place: Place;

  beforeAll(async () => {
    cloud = await startCloud({ port: 0, stateDirectory: undefined, timeFactor: 30, log: () => {} });
    place = await openPlace(cloud.endpoint);
  });
  afterAll(async () => {
    place?.close();
    await cloud?.stop();
  });

  it.each(contract)("%s", (_name, holds) => holds(place));
});

describe("Kiln's AWS layer on moto", () => {
  let moto: MotoServer;
  let place: Place;
  const known = new Map(motoDifferences.map((difference) => [difference.promise, difference]));

  beforeAll(async () => {
    moto = await startMoto();
    place = await openPlace(moto.endpoint);
  });
  afterAll(async () => {
    place?.close();
    await moto?.stop();
  });

  it.each(contract.filter(([name]) => !known.has(name)))("%s", (_name, holds) => holds(place));

  // A difference that is gone must leave the list.
  it.each(motoDifferences)("differs as documented: $promise", async ({ promise, found }) => {
    const holds = new Map(contract).get(promise);
    await expect(holds?.(place)).rejects.toThrow(found);
  });
});
