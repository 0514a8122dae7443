/** Where a feature is shown: a test by its title, or a command that a person runs. */
export type Shown =
  | {
      /** From the project's root. */
      test: string;
      /** The test's title as its source has it. */
      title: string;
    }
  | {
      /** What is typed, from `npm run` or `kiln` on. */
      command: string;
    };

/**
 * One row of the field's table: what systems that do this job have, or what none of them has.
 *
 * The numbers are those of the comparison of eleven systems (Spinnaker, CodeDeploy, Instance Refresh, Image Builder, ECS,
 * Argo Rollouts, Flagger, Packer, Asgard, Odin, Fugue) that Kiln was planned by; `N` stands before what none of them has.
 */
export interface FeatureRow {
  number: string;
  capability: string;
  aim: "match" | "beat";
  /** What Kiln does. */
  does: string;
  /** Empty only for a row that is left for later. */
  shown: readonly Shown[];
  /** What of the row is not there; the row is left for later when nothing is shown. */
  missing?: string;
}

/** A test that shows a feature. */
export function test(file: string, title: string): Shown {
  return { test: `test/${file}`, title };
}

/** A command that shows a feature. */
export function command(text: string): Shown {
  return { command: text };
}
