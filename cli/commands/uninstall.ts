import { setTimeout as delay } from "node:timers/promises";
import type { Command } from "commander";
import { stagePattern } from "../../shared/domain/names.ts";
import { examples, runs, type Surroundings } from "../command.ts";
import { wrongUsage } from "../failure.ts";
import { table } from "../table.ts";

interface Options {
  dryRun?: boolean;
  deleteData?: boolean;
}

/** `kiln uninstall`: removes everything that Kiln made in a stage, in order; safe to repeat after it was cut short. */
export function addUninstall(program: Command, surroundings: Surroundings): void {
  const command = program
    .command("uninstall")
    .description("remove everything that Kiln made in this stage; listeners answer again as before Kiln")
    .option("--dry-run", "only say what would go, in its order")
    .option("--delete-data", "also every artifact that was pushed, and the ledger");
  examples(
    command,
    "kiln --stage try uninstall --dry-run",
    "kiln --stage try uninstall",
    "kiln --aws --stage try uninstall --delete-data",
  );
  const left = "Part of the stage may be gone; the rest is as it was. Uninstalling again goes on.";
  runs<Options>(command, surroundings, left, async (context, _args, { dryRun = false, deleteData = false }) => {
    const { stageName: stage, output } = context;
    if (!stagePattern.test(stage)) throw wrongUsage(`"${stage}" is no stage name.`, "Name one with --stage.");
    // Only this command needs so many of AWS's clients.
    const [{ openAccount }, { planOf, removeAll }, { removalsOf }, { quiesce }] = await Promise.all([
      import("../uninstall/account.ts"),
      import("../uninstall/removal.ts"),
      import("../uninstall/uninstall.ts"),
      import("../uninstall/running.ts"),
    ]);
    const account = await openAccount(await context.connection(), stage);
    const pace = { sleep: (ms: number) => delay(ms), now: Date.now, progress: (line: string) => output.progress(line) };
    const removals = removalsOf(account, { deleteData }, pace);
    if (dryRun) {
      const plan = await planOf(removals);
      const text = table(plan.map(({ kind, id, note }) => [kind, id, note ?? ""])).join("\n");
      return { json: { stage, dryRun, plan }, text: plan.length === 0 ? "nothing of Kiln's is there" : text };
    }
    await quiesce(account);
    const removed = (await removeAll(removals, pace)).filter(({ ids }) => ids.length > 0);
    const text = removed.map(({ kind, ids }) => `${ids.length} × ${kind}`).join(", ");
    return { json: { stage, dryRun, removed }, text: text === "" ? "nothing of Kiln's was there" : `removed ${text}` };
  });
}
