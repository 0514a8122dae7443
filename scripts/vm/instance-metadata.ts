import { readFileSync } from "node:fs";

/** A directory of the instance metadata service: names to text or to further directories. */
interface Directory {
  [name: string]: string | Directory;
}

/** What a machine is told about itself. */
export interface InstanceDescription {
  instanceId: string;
  macAddress: string;
  ipAddress: string;
  userData: string;
}

/** The only token this stand-in hands out; every other request must carry it, as with IMDSv2. */
const token = "kiln-test-token";

/** The answer to one HTTP request to 169.254.169.254, enough for cloud-init's Ec2 data source. */
export function answerRequest(request: string, instance: InstanceDescription): string {
  const [requestLine = "", ...headers] = request.split("\r\n");
  const [method, target = ""] = requestLine.split(" ");
  const path = target.split("/").filter((part) => part !== "");
  if (method === "PUT" && target === "/latest/api/token") return respond("200 OK", token);
  if (!headers.some((header) => header.toLowerCase() === `x-aws-ec2-metadata-token: ${token}`)) {
    return respond("401 Unauthorized", "");
  }
  // The first part is a version: `latest` or a date.
  const found = lookUp(tree(instance), path.slice(1));
  return found === undefined ? respond("404 Not Found", "") : respond("200 OK", found);
}

function lookUp(root: Directory, path: readonly string[]): string | undefined {
  let at: string | Directory | undefined = root;
  for (const part of path) at = typeof at === "object" && Object.hasOwn(at, part) ? at[part] : undefined;
  if (typeof at !== "object") return at;
  return Object.entries(at)
    .map(([name, value]) => (typeof value === "object" ? `${name}/` : name))
    .join("\n");
}

function tree(instance: InstanceDescription): Directory {
  const hostname = `ip-${instance.ipAddress.replaceAll(".", "-")}.ec2.internal`;
  return {
    "user-data": instance.userData,
    "meta-data": {
      "ami-id": "ami-0123456789abcdef0",
      hostname,
      "instance-id": instance.instanceId,
      "instance-type": "t3.small",
      "local-hostname": hostname,
      "local-ipv4": instance.ipAddress,
      mac: instance.macAddress,
      placement: { "availability-zone": "us-east-1a", region: "us-east-1" },
      network: {
        interfaces: {
          macs: {
            [instance.macAddress]: {
              "device-number": "0",
              "local-hostname": hostname,
              "local-ipv4s": instance.ipAddress,
              mac: instance.macAddress,
              "subnet-ipv4-cidr-block": "169.254.0.0/16",
            },
          },
        },
      },
    },
    dynamic: {
      "instance-identity": {
        document: JSON.stringify({
          accountId: "123456789012",
          architecture: "x86_64",
          availabilityZone: "us-east-1a",
          instanceId: instance.instanceId,
          region: "us-east-1",
        }),
      },
    },
  };
}

function respond(status: string, body: string): string {
  const length = Buffer.byteLength(body);
  return `HTTP/1.1 ${status}\r\nContent-Type: text/plain\r\nContent-Length: ${length}\r\nConnection: close\r\n\r\n${body}`;
}

// QEMU starts this once for each connection, with the connection as standard input and output.
if (import.meta.main) {
  const instance: InstanceDescription = JSON.parse(readFileSync(process.argv[2] ?? "", "utf8"));
  let request = "";
  for await (const chunk of process.stdin) {
    request += chunk.toString("latin1");
    if (request.includes("\r\n\r\n")) break;
  }
  process.stdout.write(answerRequest(request, instance), () => process.exit(0));
}
