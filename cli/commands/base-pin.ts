import { userInfo } from "node:os";
import { EC2Client } from "@aws-sdk/client-ec2";
import type { Command } from "commander";
import { Images } from "../../shared/aws/images.ts";
import { type BasePin, withBasePin } from "../../shared/domain/base-pin.ts";
import { clientConfiguration } from "../aws/connection.ts";
import type { Stage } from "../aws/stage.ts";
import { examples, runs, type Surroundings } from "../command.ts";
import { CommandFailure, nothingDone, wrongUsage } from "../failure.ts";
import { requireService } from "./known-service.ts";

interface Options {
  off?: boolean;
  reason?: string;
}

/** `kiln base pin`: holds a service on a base image, until `--off`. */
export function addBasePin(base: Command, surroundings: Surroundings): void {
  const command = base
    .command("pin")
    .description("make every release of a service on one base image, whatever is newest, until --off")
    .argument("<service>")
    .argument("[ami]", "left out: the one that its live release is made on")
    .option("--off", "follow the spec's base again, from the next deploy or refresh on")
    .option("--reason <text>", "kept with it");
  examples(command, 'kiln base pin web --reason "the next kernel breaks our driver"', "kiln base pin web --off");
  const left = "It may be pinned: kiln base list shows it.";
  runs<Options>(command, surroundings, left, async (context, [service = "", ami], { off = false, reason = "" }) => {
    if (off && ami !== undefined) throw wrongUsage("--off takes no image.", "Say kiln base pin <service> --off.");
    const stage = await context.stage();
    await requireService(stage, service);
    if (off) {
      const was = await unpinBase(stage, service);
      const text = was ? `${service} follows its base again` : `${service} was not pinned`;
      return { json: { service, pinned: null, was: was?.imageId ?? null }, text };
    }
    if (ami !== undefined) await refuseUnusable(stage, service, ami);
    const pin = await pinBase(stage, service, ami, reason);
    const text = `${service} stays on ${pin.imageId}; what is live changes with its next deploy or refresh`;
    return { json: { service, pinned: pin.imageId, was: null }, text };
  });
}

type Pinning = Pick<Stage, "ledger">;

/** @returns The pin that stands. @throws {CommandFailure} when none is named and nothing is live. */
export async function pinBase(
  stage: Pinning,
  service: string,
  ami: string | undefined,
  reason: string,
): Promise<BasePin> {
  const imageId = ami ?? (await liveBase(stage, service));
  const pin: BasePin = { imageId, by: userInfo().username, at: new Date().toISOString(), reason };
  const { basePin } = await stage.ledger.updateHead(service, (head) => withBasePin(head, pin));
  return basePin ?? pin;
}

/** @returns The pin that was taken off. */
export async function unpinBase(stage: Pinning, service: string): Promise<BasePin | null> {
  let was: BasePin | null = null;
  await stage.ledger.updateHead(service, (head) => {
    was = head.basePin ?? null;
    return withBasePin(head, null);
  });
  return was;
}

async function liveBase({ ledger }: Pinning, service: string): Promise<string> {
  const { live } = await ledger.head(service);
  const release = live && (await ledger.release(service, live.generation));
  if (release) return release.base.imageId;
  throw new CommandFailure({
    name: "NothingToPin",
    what: `Nothing of ${service} is live, so there is no base to stay on.`,
    left: nothingDone,
    fix: `Name an image: kiln base pin ${service} ami-….`,
  });
}

/** What could carry no release is better refused now than by the next deploy. @throws {BaseRefusedError} */
async function refuseUnusable(stage: Stage, service: string, ami: string): Promise<void> {
  if (!/^ami-[0-9a-f]{8,17}$/.test(ami))
    throw wrongUsage(`"${ami}" is no AMI id.`, "Give one such as ami-0123456789abcdef0.");
  const image = await new Images(new EC2Client(clientConfiguration(stage.connection))).base(ami);
  const { live } = await stage.ledger.head(service);
  const architecture = live && (await stage.ledger.release(service, live.generation))?.base.architecture;
  if (!architecture || image.Architecture === architecture) return;
  throw new CommandFailure({
    name: "BaseRefusedError",
    what: `${ami} is for ${image.Architecture}; ${service} runs on ${architecture}.`,
    left: nothingDone,
    fix: "Name an image for the service's architecture.",
  });
}
