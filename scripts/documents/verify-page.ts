import { checks, leftToPeople } from "../verify/checks.ts";
import { code, markdownTable } from "./document.ts";

/** The checks that only AWS can answer, for the person who has an account. */
export function verifyDocument(): string {
  const total = checks.reduce((sum, { cents }) => sum + cents, 0);
  const rows = checks.map(({ name, question, assumed, basis, cents }) => [
    code(name),
    question,
    code(JSON.stringify(assumed)),
    basis,
    `${cents} ¢`,
  ]);
  return `# Asking AWS

Kiln has not run on AWS. What only AWS can answer is a list of checks that a person with an account can make:

\`\`\`sh
npm run verify:aws                                                   # what it would do and what that costs; makes nothing
npm run verify:aws -- --account 123456789012 --i-pay --record seen.json
npm run conformance -- seen.json                                     # does the embedded cloud do as AWS did?
\`\`\`

It uses the credentials and the region of the environment (${code("--region")} names another), and starts only when the account
that they belong to is named and ${code("--i-pay")} is given. Everything it makes is tagged ${code("kiln:verify")} with the name of
the run and taken away after each check, also when the check failed or Ctrl-C stopped it; what could not be taken away is
named at the end, with exit code 3. It costs at most ${total} US cents in us-east-1. ${code("--only <check>")} makes one check.

What was seen is written to the file of ${code("--record")}: observations, the histories of a few state machines, and event
patterns as EventBridge judged them. ${code("npm run conformance")} makes the same checks on the embedded cloud and compares.

Continuous integration makes all of them on the embedded cloud (${code("--embedded")}). That shows that the checks work; it says
nothing about AWS.

## The checks

${markdownTable(["Check", "Question", "Taken to be", "Why, and what rests on it", "At most"], rows)}

## Left to people

${leftToPeople.map(({ question, why }) => `- ${question} ${why}`).join("\n")}
`;
}
