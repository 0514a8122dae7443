/**
 * Operations of the embedded cloud that neither boto3 nor the AWS CLI calls in `npm run test:clients`, by service, each
 * with the reason. That test fails when one of them is called after all, or another one is not.
 */
export const uncalledOperations: Readonly<Record<string, Readonly<Record<string, string>>>> = {};
