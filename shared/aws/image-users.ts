import { DescribeInstancesCommand, DescribeLaunchTemplateVersionsCommand, type EC2Client } from "@aws-sdk/client-ec2";

/** The most values that one filter of EC2 takes (EC2 user guide, "Filtering Amazon EC2 resources"). */
const valuesPerFilter = 200;
/** The most that these calls answer in one page. */
const instancesPerPage = 1000;
const versionsPerPage = 200;

/** Who in this account and region runs or would launch given images, whether Kiln made them or not. */
export class ImageUsers {
  readonly #ec2: EC2Client;

  constructor(ec2: EC2Client) {
    this.#ec2 = ec2;
  }

  /**
   * For each of these images that an instance runs from, stopped ones included, one such instance.
   * @param except A generation whose fleet is gone, although reads may still show it.
   */
  async instances(imageIds: readonly string[], except?: string): Promise<Map<string, string>> {
    const users = new Map<string, string>();
    for (const Values of inChunks(imageIds)) {
      let token: string | undefined;
      do {
        const page = await this.#ec2.send(
          new DescribeInstancesCommand({
            Filters: [
              { Name: "image-id", Values },
              { Name: "instance-state-name", Values: ["pending", "running", "stopping", "stopped"] },
            ],
            MaxResults: instancesPerPage,
            ...(token && { NextToken: token }),
          }),
        );
        const found = (page.Reservations ?? []).flatMap(({ Instances = [] }) => Instances);
        for (const { ImageId = "", InstanceId, Tags } of found) {
          const isGone = except !== undefined && Tags?.some(({ Value }) => Value === except);
          if (!isGone) users.set(ImageId, `instance ${InstanceId} runs from it`);
        }
        token = page.NextToken;
      } while (token);
    }
    return users;
  }

  /**
   * For each of these images that a launch template names in its newest or default version, one such template. Other
   * versions are seen only of Kiln's own templates: EC2 lists all versions of one template alone.
   * @param except A generation whose version was deleted, although reads may still show it.
   */
  async templates(imageIds: readonly string[], except?: string): Promise<Map<string, string>> {
    const users = new Map<string, string>();
    for (const Values of inChunks(imageIds)) {
      let token: string | undefined;
      do {
        const page = await this.#ec2.send(
          new DescribeLaunchTemplateVersionsCommand({
            Versions: ["$Latest", "$Default"],
            Filters: [{ Name: "image-id", Values }],
            MaxResults: versionsPerPage,
            ...(token && { NextToken: token }),
          }),
        );
        for (const version of page.LaunchTemplateVersions ?? []) {
          if (except !== undefined && version.VersionDescription === except) continue;
          const by = `launch template ${version.LaunchTemplateName} names it in version ${version.VersionNumber}`;
          users.set(version.LaunchTemplateData?.ImageId ?? "", by);
        }
        token = page.NextToken;
      } while (token);
    }
    return users;
  }
}

function inChunks(values: readonly string[]): string[][] {
  const chunks: string[][] = [];
  for (let at = 0; at < values.length; at += valuesPerFilter) chunks.push(values.slice(at, at + valuesPerFilter));
  return chunks;
}
