import type { AwsCli } from "./aws-cli.ts";
import { until } from "./until.ts";

/** What somebody had before Kiln came: a server that they start themselves, in a target group of their own. */
export interface EarlierServer {
  targetGroupArn: string;
  instanceId: string;
}

const program = `import http.server, os
class Server(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        body = b'{"release":"earlier","version":"earlier"}'
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
http.server.ThreadingHTTPServer(("", int(os.environ["PORT"])), Server).serve_forever()
`;

const userData = `#!/bin/bash
root=\${KILN_ROOT:-}
cat >"$root/opt/earlier.py" <<'PROGRAM'
${program}PROGRAM
cat >"$root/etc/systemd/system/earlier.service" <<UNIT
[Service]
ExecStart=$root/usr/bin/python3 $root/opt/earlier.py
Environment=PORT=9000
[Install]
WantedBy=multi-user.target
UNIT
systemctl daemon-reload && systemctl enable --now --no-block earlier.service
`;

/** Starts it with the AWS CLI, and waits until a rule's health checks could begin. */
export async function startEarlierServer(
  aws: AwsCli,
  imageId: string,
  instanceType: string,
  vpcId: string,
): Promise<EarlierServer> {
  const { Instances } = await aws.json<{ Instances: { InstanceId: string }[] }>(
    ...["ec2", "run-instances", "--image-id", imageId, "--instance-type", instanceType],
    ...["--user-data", userData, "--count", "1"],
  );
  const instanceId = Instances[0]?.InstanceId ?? "";
  const { TargetGroups } = await aws.json<{ TargetGroups: { TargetGroupArn: string }[] }>(
    ...["elbv2", "create-target-group", "--name", "earlier", "--protocol", "HTTP", "--port", "9000"],
    ...["--vpc-id", vpcId, "--health-check-interval-seconds", "10", "--healthy-threshold-count", "2"],
  );
  const targetGroupArn = TargetGroups[0]?.TargetGroupArn ?? "";
  await until("the server to run", async () => {
    const state = await aws.text(
      ...["ec2", "describe-instances", "--instance-ids", instanceId],
      ...["--query", "Reservations[0].Instances[0].State.Name", "--output", "text"],
    );
    return state.trim() === "running";
  });
  await aws.text(
    ...["elbv2", "register-targets", "--target-group-arn", targetGroupArn],
    ...["--targets", `Id=${instanceId}`],
  );
  return { targetGroupArn, instanceId };
}
