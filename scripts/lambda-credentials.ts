/** Stands for `@aws-sdk/credential-provider-node` in the bundles: Lambda gives a function its credentials like this. */
export const defaultProvider = () => async () => ({
  accessKeyId: process.env["AWS_ACCESS_KEY_ID"] ?? "",
  secretAccessKey: process.env["AWS_SECRET_ACCESS_KEY"] ?? "",
  sessionToken: process.env["AWS_SESSION_TOKEN"],
});
