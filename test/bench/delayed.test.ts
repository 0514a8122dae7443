import { afterEach, expect, it, vi } from "vitest";
import { delayed } from "../../bench/bake/measured-upload.ts";

vi.mock("node:timers/promises", () => ({
  setTimeout: (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
}));

afterEach(() => {
  vi.useRealTimers();
});

class Client {
  readonly sent: string[] = [];

  async send(command: string): Promise<string> {
    this.sent.push(command);
    return `answer to ${command}`;
  }
}

it("sends nothing before the delay is over, then gives the client's own answer", async () => {
  vi.useFakeTimers();
  const client = delayed(new Client(), 100);
  const answer = client.send("put");
  await vi.advanceTimersByTimeAsync(99);
  expect(client.sent).toEqual([]);
  await vi.advanceTimersByTimeAsync(1);
  expect(await answer).toBe("answer to put");
});

it("leaves a client without a delay as it is", async () => {
  const client = new Client();
  const send = client.send;
  expect(delayed(client, 0)).toBe(client);
  expect(client.send).toBe(send);
});
