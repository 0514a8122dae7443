import {
  CreateLaunchTemplateCommand,
  CreateLaunchTemplateVersionCommand,
  DeleteLaunchTemplateCommand,
  DeleteLaunchTemplateVersionsCommand,
  DescribeLaunchTemplateVersionsCommand,
  type EC2Client,
  ModifyLaunchTemplateCommand,
  type RequestLaunchTemplateData,
} from "@aws-sdk/client-ec2";
import { isNamed, TransientError } from "../errors.ts";
import { deleteUnlessGone } from "./deleting.ts";
import { tagList } from "./images.ts";

/** What an instance of a release is launched with. */
export interface LaunchData {
  imageId: string;
  instanceType: string;
  securityGroupIds: string[];
  /** Name of an instance profile, when the program needs one. */
  instanceProfile: string | undefined;
  userData: string;
  tags: Record<string, string>;
}

/** Launch templates: one a service, one numbered version a release. */
export class Templates {
  readonly #ec2: EC2Client;

  constructor(ec2: EC2Client) {
    this.#ec2 = ec2;
  }

  /**
   * The numbered version of a release, created when it is missing. Versions carry the generation as description, so a
   * retry finds the one it made.
   * @throws {TransientError} when another release has made the template a moment ago, and reads do not show it yet.
   */
  async ensure(input: {
    name: string;
    generation: string;
    token: string;
    data: LaunchData;
    tags: Record<string, string>;
  }): Promise<number> {
    const versions = await this.#versions(input.name);
    const existing = versions?.find(({ VersionDescription }) => VersionDescription === input.generation);
    if (existing?.VersionNumber) return existing.VersionNumber;

    const LaunchTemplateData = launchTemplateData(input.data);
    const common = { VersionDescription: input.generation, ClientToken: input.token, LaunchTemplateData };
    if (versions) {
      const made = await this.#ec2.send(
        new CreateLaunchTemplateVersionCommand({ LaunchTemplateName: input.name, ...common }),
      );
      return made.LaunchTemplateVersion?.VersionNumber ?? 0;
    }
    try {
      const made = await this.#ec2.send(
        new CreateLaunchTemplateCommand({
          LaunchTemplateName: input.name,
          TagSpecifications: [{ ResourceType: "launch-template", Tags: tagList(input.tags) }],
          ...common,
        }),
      );
      return made.LaunchTemplate?.LatestVersionNumber ?? 1;
    } catch (error) {
      if (!isNamed(error, "InvalidLaunchTemplateName.AlreadyExistsException")) throw error;
      const reason = `Launch template ${input.name} exists, and EC2 does not show it yet.`;
      throw new TransientError(reason, "It is tried again.", { cause: error });
    }
  }

  /** Whether a release has its version. */
  async has(name: string, generation: string): Promise<boolean> {
    const versions = (await this.#versions(name)) ?? [];
    return versions.some(({ VersionDescription }) => VersionDescription === generation);
  }

  /** The images that all versions of a template name, with one version each; none when there is no such template. */
  async images(name: string): Promise<Map<string, string>> {
    const versions = (await this.#versions(name)) ?? [];
    return new Map(
      versions.map(({ LaunchTemplateData, VersionNumber }) => [
        LaunchTemplateData?.ImageId ?? "",
        `launch template ${name} names it in version ${VersionNumber}`,
      ]),
    );
  }

  /** Removes the version of a release, and the template with its last version; harmless when it is gone. */
  async remove(name: string, generation: string): Promise<void> {
    const versions = (await this.#versions(name)) ?? [];
    const own = versions.find(({ VersionDescription }) => VersionDescription === generation);
    const others = versions.filter((version) => version !== own);
    if (!own) return;
    if (others.length === 0) {
      await deleteUnlessGone(
        () => this.#ec2.send(new DeleteLaunchTemplateCommand({ LaunchTemplateName: name })),
        async () => (await this.#versions(name)) !== undefined,
      );
      return;
    }
    if (own.DefaultVersion) {
      // The default version cannot be deleted; nothing of Kiln's launches by default, so any other may be it.
      const next = String(others[0]?.VersionNumber);
      await this.#ec2.send(new ModifyLaunchTemplateCommand({ LaunchTemplateName: name, DefaultVersion: next }));
    }
    const Versions = [String(own.VersionNumber)];
    await deleteUnlessGone(
      () => this.#ec2.send(new DeleteLaunchTemplateVersionsCommand({ LaunchTemplateName: name, Versions })),
      async () =>
        (await this.#versions(name))?.some(({ VersionNumber }) => VersionNumber === own.VersionNumber) ?? false,
    );
  }

  /** All versions of a template, or undefined when there is no such template. */
  async #versions(name: string) {
    const versions = [];
    let token: string | undefined;
    try {
      do {
        const page = await this.#ec2.send(
          new DescribeLaunchTemplateVersionsCommand({ LaunchTemplateName: name, ...(token && { NextToken: token }) }),
        );
        versions.push(...(page.LaunchTemplateVersions ?? []));
        token = page.NextToken;
      } while (token);
      return versions;
    } catch (error) {
      if (isNamed(error, "InvalidLaunchTemplateName.NotFoundException")) return undefined;
      throw error;
    }
  }
}

function launchTemplateData(data: LaunchData): RequestLaunchTemplateData {
  return {
    ImageId: data.imageId,
    InstanceType: data.instanceType as RequestLaunchTemplateData["InstanceType"],
    SecurityGroupIds: data.securityGroupIds,
    ...(data.instanceProfile && { IamInstanceProfile: { Name: data.instanceProfile } }),
    UserData: Buffer.from(data.userData).toString("base64"),
    // IMDSv2 only, one hop: a program in a container or a proxy bug cannot read the instance's credentials.
    MetadataOptions: { HttpTokens: "required", HttpPutResponseHopLimit: 1, HttpEndpoint: "enabled" },
    InstanceInitiatedShutdownBehavior: "terminate",
    TagSpecifications: [
      { ResourceType: "instance", Tags: tagList(data.tags) },
      { ResourceType: "volume", Tags: tagList(data.tags) },
    ],
  };
}
