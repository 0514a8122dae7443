import { releaseEvents } from "../../shared/domain/release-events.ts";
import { code, markdownTable } from "./document.ts";

/** The events of releases, for whoever wants to hear them. */
export function eventsDocument(): string {
  const rows = Object.entries(releaseEvents).map(([event, meaning]) => [code(event), meaning]);
  return `# Events

Every step of a deploy or rollback writes one object into the ledger, and S3 announces that object on the account's default
event bus. So an event is there exactly when its record is durable, and no handler can lose it. Delivery is at least once, as
always with EventBridge: compare keys.

${markdownTable(["Event", "When"], rows)}

## Shape

\`\`\`json
{
  "source": "aws.s3",
  "detail-type": "Object Created",
  "detail": {
    "bucket": { "name": "kiln-<stage>-ledger-<account>-<region>" },
    "object": { "key": "services/<service>/history/<generation>/<execution>.<event>.json" }
  }
}
\`\`\`

- The object is JSON: \`event\`, \`at\` (ISO time), \`execution\` (ARN), and the evidence of that event, such as the health that
  was seen, what the probes answered, or the failure with its cause. \`kiln releases show\` prints it. What each kind promises to carry is in
  [events.schema.json](events.schema.json): \`delivered\` is what a rule gets, the others are the objects; more may come to be in them.
- A release that was admitted is \`services/<service>/releases/<generation>.json\`. What was refused before it became a release
  is \`services/<service>/refused/<time>-<cause>.json\`, with \`error\` and \`message\`.
- A rule for one event of one service: \`{"source": ["aws.s3"], "detail-type": ["Object Created"], "detail": {"bucket": {"name":
  ["<ledger>"]}, "object": {"key": [{"wildcard": "services/web/history/*.cut-over.json"}]}}}\`.

## Notifications

The topic \`kiln-<stage>-notifications\` (an output of the stack) gets one line for each \`live\`, \`failed\`, \`dirty\`,
\`restored\`, \`way-back-lost\` and \`way-back-regained\`, and for each refusal, with the place of its record. A release that
waits for approval sends one with the place of its question, \`services/<service>/approvals/<generation>.json\`, and how to
answer it: whoever may read that object and call \`states:SendTaskSuccess\` needs nothing else, so a bot that subscribes
can. What it sends as output stands in the history: \`{"by":"ann","reason":"looked at it"}\`.

\`\`\`sh
aws sns subscribe --topic-arn <topic> --protocol email --notification-endpoint you@example.com
\`\`\`

## Metrics

In CloudWatch, namespace \`Kiln\`, with the dimensions \`Stage\` and \`Service\`:

${markdownTable(
  ["Metric", "Unit", "What it is"],
  [
    [code("Deploys"), "Count", "1 for each deploy that ended live or failed; its sum is the deployment frequency."],
    [code("DeployFailed"), "Count", "0 or 1 for each of them; its average is the change failure rate."],
    [code("LeadTime"), "Seconds", "From the upload, or the start by hand, until the release was live."],
    [code("Rollbacks"), "Count", "1 for each rollback that ended live."],
    [code("RestoreTime"), "Seconds", "From the request for a rollback until the earlier release was live."],
    [code("WayBackReady"), "Count", "0 or 1 at each sweep: whether production could go back as promised."],
    [code("DirtyEnds"), "Count", "By stage only: something was left behind; an alarm watches it."],
  ],
)}

## Logs and traces

Each invocation of a handler ends in one line of JSON in \`/aws/lambda/kiln-<stage>-<handler>\`: \`message\` is \`answered\` or
\`failed\` (then with \`error\`), and with it come \`execution\` (ARN), \`deployedService\`, \`generation\` (the release), \`service\`
(\`kiln-<handler>\`), \`function_request_id\` and \`xray_trace_id\`. Nothing else of the input is logged: it may hold secrets. So in
CloudWatch Logs Insights, over all of these groups:

\`\`\`
fields @timestamp, service, message, status, error.message | filter generation = "web-000042" | sort @timestamp
\`\`\`

State machines and handlers send traces to X-Ray: the trace of an execution shows each handler that it called. The probe
function only passes traces on; it has no permissions. Executions log every event to \`/aws/vendedlogs/states/kiln-<stage>-…\`.
`;
}
