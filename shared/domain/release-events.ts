/**
 * The events of a release's history, each with when it is written. Each is one object in the ledger, so S3 announces it on
 * EventBridge by itself, exactly when it is durable: an event cannot be lost between the record and its announcement.
 */
export const releaseEvents = {
  baked: "Its image is available: written now, or found because nothing that it contains has changed.",
  launched: "Its fleet was asked for, beside production; instances are starting.",
  validated: "The fleet passed every check; it may get traffic.",
  "validation-failed": "The fleet did not pass; it never got a request of production.",
  "once-ran": "Its `once` command ended, or nobody can tell how it ended; it is not run again.",
  "approval-asked": "It passed, and waits for a person's word before it gets traffic.",
  approved: "A person approved it; it is validated once more.",
  "cut-over":
    "The production rule was changed in its favour: all requests, or the first step's share. Further steps are `cut-over-1`, `cut-over-2`, …",
  undecided:
    "A step is over, and too few requests tell whether it may go on; it waits for more. Of further steps: `undecided-1`, …",
  judged:
    "It compared well with live for one step and gets more, or the judge does not decide and says only what it found. Of further steps: `judged-1`, `judged-2`, …",
  finished: "A deploy that died while traffic moved was completed by the sweep: it has all requests.",
  "observation-failed": "It had traffic and did not hold.",
  restored: "Traffic went back to what was live before.",
  quarantined: "One of its instances was cut off and is kept for a while; the rest of it goes.",
  "quarantine-refused": "None of its instances could be kept as the spec asks; the event says why.",
  "rollback-began": "Production is about to be moved away from it: by a person, or by an alarm that its spec names.",
  "drill-began": "It stands by, and a drill gave it a small share of the requests.",
  drilled: "A drill of the way back to it is over, and live has every request again: the event says how it went.",
  "drill-failed": "A drill found that it would not do; live has every request again.",
  withdrawn: "Kiln's rule was taken away: what answered before Kiln answers again.",
  ended: "The time of an experiment was over, or somebody stopped it: nothing reaches it any more, and its fleet goes.",
  "way-back-lost": "It is live, and the sweep found that production could not go back from it as promised.",
  "way-back-regained": "It is live, and production can go back from it again.",
  live: "It is live by the ledger's word; the release before stands by.",
  touched: "Somebody's hand was on one of its instances; that one is being replaced. Its name is `touched-<instance>`.",
  failed: "It failed, and nothing of it is left but what the history says.",
  dirty: "It failed and left something behind; the sweep goes on with it.",
} as const;

export type ReleaseEvent =
  | keyof typeof releaseEvents
  | `${"cut-over" | "undecided" | "judged"}-${number}`
  | `touched-i-${string}`;
