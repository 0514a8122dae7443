import { expect, it } from "vitest";
import { sdkBody } from "../../../local/server/sdk-body.ts";
import { stream } from "../../../local/wire/body.ts";

const bytes = () => stream(Buffer.from("clay"));

/** What this module replaces of the SDK's own streams. */
type Whole = { transformToString(encoding?: string): Promise<string>; transformToByteArray(): Promise<Uint8Array> };

it("is read whole as text, in the encoding that is asked for, or as bytes", async () => {
  expect(await (sdkBody(bytes()) as unknown as Whole).transformToString()).toBe("clay");
  expect(await (sdkBody(bytes()) as unknown as Whole).transformToString("base64")).toBe("Y2xheQ==");
  expect(Buffer.from(await (sdkBody(bytes()) as unknown as Whole).transformToByteArray()).toString()).toBe("clay");
});

it("is also a stream", async () => {
  const parts: Buffer[] = [];
  for await (const part of sdkBody(bytes())) parts.push(Buffer.from(part as Uint8Array));
  expect(Buffer.concat(parts).toString()).toBe("clay");
});

it("cannot be read whole twice, as the SDK's cannot", async () => {
  const body = sdkBody(bytes()) as unknown as Whole;
  await body.transformToString();
  await expect(body.transformToByteArray()).rejects.toThrow("The stream has already been transformed.");
});
