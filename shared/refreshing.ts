import type { Fleets } from "./aws/fleets.ts";
import type { Ledger } from "./aws/ledger.ts";
import type { Parameters } from "./aws/parameters.ts";
import type { Recipes } from "./aws/recipes.ts";
import { resolveBase } from "./base-resolution.ts";
import { sha256Hex } from "./digests.ts";
import type { BasePin } from "./domain/base-pin.ts";
import type { Head } from "./domain/head.ts";
import { fleetName } from "./domain/names.ts";
import { type DueService, staleness, type Turn, turnsOf } from "./domain/refresh.ts";
import type { Release } from "./domain/release.ts";
import { type RefreshRequest, readRefreshRequest } from "./domain/request.ts";
import { revocationText } from "./domain/revocation.ts";
import { answerToRevocation } from "./domain/revocation-answer.ts";
import { BaseRefusedError, ManualInputError } from "./errors.ts";
import type { BaseWorld } from "./step.ts";

/** What finding stale services works with. */
export interface RefreshWorld extends BaseWorld {
  ledger: Ledger;
  parameters: Pick<Parameters, "read">;
  recipes: Pick<Recipes, "current">;
  fleets: Pick<Fleets, "read">;
}

/** A service whose deploy is to be started. */
export interface StaleService {
  service: string;
  reason: string;
  /** The generation that was found stale: a deploy that no longer finds it live has nothing to do. */
  replacing: string;
  /** ISO time. */
  startAt: string;
}

/** What a refresh does, and what it leaves alone with the reason. */
export interface RefreshPlan {
  services: StaleService[];
  left: { service: string; reason: string }[];
}

/** How many services are read at the same time: a public parameter is read forty times a second by quota. */
const readersAtOnce = 8;

/**
 * How many deploys one refresh starts: the plan travels through the state machine, whose data may have 256 KiB, and each
 * takes some twenty of the 25,000 events of an execution. The next refresh takes up the others.
 */
const servicesAtOnce = 500;

type Found = { kind: "due"; due: DueService; stale: Omit<StaleService, "startAt"> } | { kind: "left"; reason: string };

/**
 * Finds the services whose base changed or whose fleet is too old, and gives each its turn. It only reads.
 * @throws {ManualInputError} when what is asked is not understood.
 */
export async function planRefresh(input: unknown, world: RefreshWorld): Promise<RefreshPlan> {
  const request = understood(input);
  const services = request.service === undefined ? await world.ledger.services() : [request.service];
  const reading = { ...world, parameters: remembering(world.parameters) };
  const found = new Map<string, Found>();
  const queue = [...services];
  const reader = async () => {
    for (let service = queue.shift(); service !== undefined; service = queue.shift()) {
      const one = await look(service, request, reading);
      if (one) found.set(service, one);
    }
  };
  await Promise.all(Array.from({ length: readersAtOnce }, reader));
  return planOf(found, request, world.now());
}

function understood(input: unknown): RefreshRequest {
  const request = readRefreshRequest(input);
  if (!("problem" in request)) return request;
  throw new ManualInputError(
    `The input is not understood: ${request.problem}.`,
    'Give {} or {"service":"web"}, with "now":true to begin at once.',
  );
}

function planOf(found: ReadonlyMap<string, Found>, request: RefreshRequest, nowMs: number): RefreshPlan {
  const left: RefreshPlan["left"] = [];
  const due: DueService[] = [];
  for (const [service, one] of found) {
    if (one.kind === "left") left.push({ service, reason: one.reason });
    else due.push(one.due);
  }
  const turns = request.now ? due.map(({ service }) => atOnce(service, nowMs)) : turnsOf(due, nowMs);
  const planned: StaleService[] = [];
  for (const turn of turns) {
    const one = found.get(turn.service);
    if (one?.kind !== "due") continue;
    if ("held" in turn) left.push({ service: turn.service, reason: `held up: ${turn.held}` });
    else planned.push({ ...one.stale, startAt: turn.startAt });
  }
  planned.sort((a, b) => (a.startAt < b.startAt ? -1 : 1));
  left.push(
    ...planned.slice(servicesAtOnce).map(({ service }) => ({ service, reason: "the next refresh takes it up" })),
  );
  return { services: planned.slice(0, servicesAtOnce), left };
}

function atOnce(service: string, nowMs: number): Turn {
  return { service, startAt: new Date(nowMs).toISOString() };
}

/** @returns Undefined for what is as it would be made now. */
async function look(service: string, request: RefreshRequest, world: RefreshWorld): Promise<Found | undefined> {
  const head = await world.ledger.head(service);
  const release = head.live && (await world.ledger.release(service, head.live.generation));
  if (!release) return request.service === undefined ? undefined : { kind: "left", reason: "nothing of it is live" };
  const reason = request.reason ?? revokedReason(head) ?? (await staleReason(release, head.basePin, world));
  if (reason === undefined) return undefined;
  if (typeof reason === "object") return { kind: "left", reason: reason.problem };
  // A person who asks for this one knows why it is paused.
  const paused = request.service === undefined ? head.refresh?.paused : undefined;
  if (paused) return { kind: "left", reason: `its refresh is paused: ${paused.why}` };
  if (head.pending) return { kind: "left", reason: `${head.pending.generation} is being deployed` };
  const windows = release.spec.windows ?? [];
  const freezes = request.now ? [] : await world.ledger.freezes.of(service);
  return {
    kind: "due",
    due: { service, digest: sha256Hex(service), windows, freezes },
    stale: { service, reason, replacing: release.generation },
  };
}

/** What was revoked underneath is asked for again each night: another base or layer may be there by then. */
function revokedReason(head: Head): string | undefined {
  const answer = answerToRevocation(head);
  return answer?.kind === "refresh" ? revocationText(answer.revoked) : undefined;
}

async function staleReason(
  release: Release,
  pin: BasePin | null | undefined,
  world: RefreshWorld,
): Promise<string | { problem: string } | undefined> {
  const { spec, service, generation } = release;
  try {
    const base = await resolveBase(spec, pin, world);
    const aged = spec.refresh?.maxAgeDays !== undefined;
    const fleet = aged ? await world.fleets.read(fleetName(world.config.stage, generation)) : undefined;
    return staleness({ release, base, fleetCreatedAt: fleet?.createdAt }, world.now());
  } catch (error) {
    // One service's base that is gone must not keep the others from being refreshed.
    if (error instanceof BaseRefusedError) return { problem: `${service}: ${error.message}` };
    throw error;
  }
}

/** Services share bases: each parameter is read once. */
function remembering(parameters: Pick<Parameters, "read">): Pick<Parameters, "read"> {
  const known = new Map<string, Promise<string | undefined>>();
  return {
    read: (name) => {
      const asked = known.get(name) ?? parameters.read(name);
      known.set(name, asked);
      return asked;
    },
  };
}
