import { expect, test } from "vitest";
import { answerRequest } from "../../../scripts/vm/instance-metadata.ts";

const instance = {
  instanceId: "i-1",
  macAddress: "02:00:00:00:00:01",
  ipAddress: "169.254.10.15",
  userData: "#!/bin/bash\necho grüß\n",
};

const ask = (line: string, token = "kiln-test-token") =>
  answerRequest(`${line} HTTP/1.1\r\nHost: 169.254.169.254\r\nX-aws-ec2-metadata-token: ${token}\r\n\r\n`, instance);
const bodyOf = (answer: string) => answer.slice(answer.indexOf("\r\n\r\n") + 4);

test("hands out a token to whoever asks for one", () => {
  const answer = answerRequest(
    "PUT /latest/api/token HTTP/1.1\r\nX-aws-ec2-metadata-token-ttl-seconds: 60\r\n\r\n",
    instance,
  );
  expect(bodyOf(answer)).toBe("kiln-test-token");
});

test("answers nothing without a token, as IMDSv2", () => {
  expect(ask("GET /latest/user-data", "wrong")).toMatch(/^HTTP\/1\.1 401 /);
  expect(answerRequest("GET /latest/user-data HTTP/1.1\r\n\r\n", instance)).not.toContain("#!/bin/bash");
});

test("gives user data whole, its length in bytes", () => {
  const answer = ask("GET /2021-03-23/user-data");
  expect(bodyOf(answer)).toBe(instance.userData);
  expect(answer).toContain(`Content-Length: ${Buffer.byteLength(instance.userData)}\r\n`);
});

test("lists directories with a slash after what can be entered", () => {
  expect(bodyOf(ask("GET /2021-03-23/meta-data/placement/"))).toBe("availability-zone\nregion");
  expect(bodyOf(ask("GET /2021-03-23/meta-data/network/interfaces/macs"))).toBe("02:00:00:00:00:01/");
  expect(bodyOf(ask("GET /latest/meta-data/instance-id"))).toBe("i-1");
});

test("says 404 to what it does not know, and to what every object has", () => {
  expect(ask("GET /latest/meta-data/public-keys/")).toMatch(/^HTTP\/1\.1 404 /);
  expect(ask("GET /latest/meta-data/constructor")).toMatch(/^HTTP\/1\.1 404 /);
});
