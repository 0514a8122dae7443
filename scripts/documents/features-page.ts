import { code, markdownTable } from "./document.ts";
import { beyondRows } from "./features/beyond.ts";
import { buildRows } from "./features/build.ts";
import { cutoverRows } from "./features/cutover.ts";
import { fleetRows } from "./features/fleet.ts";
import { operateRows } from "./features/operate.ts";
import type { FeatureRow, Shown } from "./features/row.ts";

const groups: readonly { title: string; rows: readonly FeatureRow[] }[] = [
  { title: "Build and trigger", rows: buildRows },
  { title: "Fleet and validation", rows: fleetRows },
  { title: "Cutover and recovery", rows: cutoverRows },
  { title: "Reaping and operation", rows: operateRows },
  { title: "What none of them has", rows: beyondRows },
];

/** Every row of the field's table. */
export const featureRows: readonly FeatureRow[] = groups.flatMap(({ rows }) => rows);

const introduction = `# The field, feature by feature

What systems that do this job offer, whether Kiln wants to match or to beat it, what it does, and the test or command
that shows it. The numbers are those of a comparison of eleven systems; what starts with N none of them has. All of it
was shown against the embedded cloud, nothing on AWS.`;

/** The page with a table for each group of rows. */
export function featuresDocument(): string {
  const tables = groups.map(({ title, rows }) => `## ${title}\n\n${tableOf(rows)}`);
  const later = featureRows.filter(({ shown }) => shown.length === 0).map(({ number }) => number);
  const count = `${featureRows.length - later.length} of ${featureRows.length} rows are shown. Left for later: ${later.join(", ") || "none"}.`;
  return `${[introduction, count, ...tables].join("\n\n")}\n`;
}

function tableOf(rows: readonly FeatureRow[]): string {
  return markdownTable(
    ["#", "Feature", "Aim", "Kiln", "Shown by", "Missing"],
    rows.map(({ number, capability, aim, does, shown, missing = "" }) => [
      number,
      capability,
      aim,
      does,
      shown.map(shownText).join("<br>"),
      missing,
    ]),
  );
}

function shownText(shown: Shown): string {
  return "command" in shown ? code(shown.command) : `${code(shown.test)}: ${shown.title}`;
}
