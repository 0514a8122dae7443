import { beforeEach, describe, expect, it } from "vitest";
import type { Stage } from "../../../cli/aws/stage.ts";
import { basesText, listBases } from "../../../cli/commands/base-list.ts";
import { pinBase, unpinBase } from "../../../cli/commands/base-pin.ts";
import { resumeRefresh, startedText } from "../../../cli/commands/base-refresh.ts";
import { showRecipe } from "../../../cli/commands/base-show.ts";
import { why } from "../../../cli/commands/why.ts";
import { readStatus } from "../../../cli/explain/service-status.ts";
import { resultSchemas } from "../../../cli/json/schemas.ts";
import type { GoldenBuild } from "../../../shared/domain/golden-build.ts";
import { emptyHead, type Head } from "../../../shared/domain/head.ts";
import { withRefreshUndone } from "../../../shared/domain/refresh.ts";
import { settledStage } from "../support/fake-stage.ts";
import { releaseWith } from "../support/releases.ts";

const tenDaysLaterMs = Date.parse("2026-01-11T00:00:00Z");
let head: Head;
let stage: Stage;

beforeEach(() => {
  head = {
    ...emptyHead("web"),
    live: { generation: "web-000002", since: "2026-01-01T01:00:00.000Z" },
    standby: { generation: "web-000001", until: "2026-01-01T02:00:00.000Z" },
  };
  const settled = settledStage();
  stage = settledStage({
    ledger: Object.assign(settled.ledger, {
      head: async () => head,
      updateHead: async (_service: string, change: (present: Head) => Head) => {
        head = change(head);
        return head;
      },
    }),
    parameters: { read: async (name: string) => (name.startsWith("/aws/") ? "ami-00000002" : undefined) },
  });
});

describe("kiln base list", () => {
  it("shows what each service stands on, what is newest, and the copies with their users", async () => {
    const owned = [
      { of: "ami-00000001", imageId: "ami-00000aaa", state: "available" as const, madeAt: "2026-01-01T00:00:00Z" },
    ];
    const found = await listBases(stage, owned, []);
    expect(basesText(found, tenDaysLaterMs).split("\n")).toEqual([
      "SERVICE  BASE    FOR     LIVE ON       NEWEST",
      "web      al2023  x86_64  ami-00000001  ami-00000002",
      "",
      "IMAGE         OWN COPY                  AGE      USED BY",
      "ami-00000001  ami-00000aaa (available)  10 days  web-000002 web-000001",
    ]);
  });

  it("shows a copy that nobody uses, and a pin", async () => {
    await pinBase(stage, "web", undefined, "a driver");
    const owned = [{ of: "ami-00000009", imageId: "ami-00000bbb", state: "disabled" as const, madeAt: null }];
    const unneeded = {
      imageId: "ami-00000bbb",
      generation: "",
      action: "wait",
      reason: "nothing has needed it",
    } as const;
    const text = basesText(await listBases(stage, owned, [unneeded]), tenDaysLaterMs);
    expect(text).toContain("wait: nothing has needed it");
    expect(text).toContain("ami-00000bbb (disabled)");
    expect(text).toMatch(/ami-00000009 .* nobody$/m);
    expect(text).toMatch(/base pinned to ami-00000001 since .*: a driver/);
  });
});

describe("golden recipes", () => {
  const built: GoldenBuild = {
    ...{ digest: "d".repeat(64), recipe: "runtime", recipeDigest: "r2", parentImageId: "ami-00000001", attempt: 2 },
    ...{ phase: "failed", startedAt: "2026-01-09T00:00:00Z", touchedAt: "2026-01-09T00:10:00Z" },
    ...{ vpcId: "vpc-1", subnetId: "subnet-1", failure: { step: "builder", why: "builder: no such mirror" } },
  };
  const earlier: GoldenBuild = {
    ...{ ...built, digest: "c".repeat(64), recipeDigest: "r1", attempt: 1, phase: "ready", imageId: "ami-00000ccc" },
    ...{ startedAt: "2026-01-01T00:00:00Z", packages: ["jq-1.7"] },
  };
  delete earlier.failure;

  beforeEach(() => {
    const golden = { recipe: "runtime", recipeDigest: "r1", digest: earlier.digest };
    const base = { ...releaseWith({}).base, name: "recipe runtime", golden };
    const release = async (_service: string, generation: string) => releaseWith({ generation, base });
    const recipes = { builds: async () => [earlier, built], digestInForce: async () => "r2" };
    stage = Object.assign(stage, { ledger: Object.assign(stage.ledger, { release }), recipes });
  });

  it("are listed with their images, parents and users, the newest first, and why one failed", async () => {
    const text = basesText(await listBases(stage, [], []), tenDaysLaterMs);
    expect(text.split("\n").slice(-4)).toEqual([
      expect.stringMatching(/^RECIPE +DIGEST +IMAGE +MADE OF +AGE +USED BY$/),
      expect.stringMatching(/^runtime +dddddddddddd +no image \(failed\) +ami-00000001 +2 days +nobody$/),
      expect.stringContaining("builder: no such mirror"),
      expect.stringMatching(
        /^runtime +cccccccccccc +ami-00000ccc \(ready\) +ami-00000001 +10 days +web-00000[12] web-00000[12]$/,
      ),
    ]);
  });

  it("are shown one by one, with what went into them", async () => {
    const { json, text } = await showRecipe(stage, "runtime");
    expect(resultSchemas["base show"]?.safeParse(json).error?.issues ?? []).toEqual([]);
    expect(text).toContain("dddddddddddd  no image  failed, in force");
    expect(text).toContain("  failed    builder: no such mirror");
    expect(text).toContain("  packages  1: jq-1.7");
    await expect(showRecipe(stage, "other")).rejects.toMatchObject({ name: "UnknownRecipe" });
  });
});

describe("kiln base pin", () => {
  it("holds a service on the base of its live release, and keeps a pin that is there as it was made", async () => {
    const first = await pinBase(stage, "web", undefined, "a driver");
    expect(first.imageId).toBe("ami-00000001");
    expect(await pinBase(stage, "web", "ami-00000001", "a driver")).toBe(first);
    expect(await unpinBase(stage, "web")).toMatchObject({ imageId: "ami-00000001" });
    expect(await unpinBase(stage, "web")).toBeNull();
  });

  it("names no base for a service with nothing live", async () => {
    head = emptyHead("web");
    await expect(pinBase(stage, "web", undefined, "")).rejects.toMatchObject({ name: "NothingToPin" });
    expect(head.basePin).toBeUndefined();
  });
});

describe("a paused refresh", () => {
  beforeEach(() => {
    head = withRefreshUndone(head, "web-000003", "2026-01-02T04:00:00.000Z");
  });

  it("is told by status and why, with how it goes on", async () => {
    const note =
      "refresh paused since 2026-01-02T04:00:00.000Z: web-000003, which a refresh had made, was rolled back; " +
      "mend it, then kiln base refresh web --resume";
    expect((await readStatus(stage, "web")).notes).toEqual([note]);
    expect((await why(stage, "web")).text).toContain(note);
  });

  it("ends when somebody resumes it", async () => {
    expect(await resumeRefresh(stage, "web")).toBe(true);
    expect((await readStatus(stage, "web")).notes).toEqual([]);
    expect(await resumeRefresh(stage, "web")).toBe(false);
  });
});

describe("kiln base refresh", () => {
  it("names what it started and what it left alone, each with the reason", () => {
    const services = [{ service: "web", reason: "base al2023 changed from a to b", execution: "arn:e" }];
    const left = [{ service: "api", reason: "api-000002 is being deployed" }];
    expect(startedText({ services, left }).split("\n")).toEqual([
      "web  base al2023 changed from a to b",
      "    arn:e",
      "api  left alone: api-000002 is being deployed",
    ]);
    expect(startedText({ services: [], left: [] })).toBe("every service stands on its newest base");
  });
});
