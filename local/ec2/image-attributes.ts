import type {
  DescribeImageAttributeCommandInput,
  LaunchPermission,
  ModifyImageAttributeCommandInput,
} from "@aws-sdk/client-ec2";
import type { Operation } from "../core/kernel.ts";
import { badCombination, invalidParameter } from "./errors.ts";
import { requireOwnImage } from "./image-lifecycle.ts";
import { operation } from "./operation.ts";
import type { Ec2World } from "./world.ts";

/** Description and launch permissions of images: the attributes that can change after registration. */
export function imageAttributeOperations(world: Ec2World): Record<string, Operation> {
  return {
    ...operation<ModifyImageAttributeCommandInput, object>({
      name: "ModifyImageAttribute",
      accepts: [
        "ImageId",
        "Attribute",
        "Value",
        "Description",
        "LaunchPermission",
        "OperationType",
        "UserIds",
        "UserGroups",
      ],
      permissions: (input) => [world.permission("ModifyImageAttribute", "image", input.ImageId ?? "*")],
      run(input) {
        const image = requireOwnImage(world, input.ImageId);
        const description = input.Description?.Value ?? (input.Attribute === "description" ? input.Value : undefined);
        const { add, remove } = permissionsOf(input);
        if (description === undefined && add.length + remove.length === 0) {
          throw badCombination("No attributes specified.");
        }
        if (add.some(({ Group }) => Group === "all") && image.mappings.some(({ ebs }) => ebs?.encrypted)) {
          throw invalidParameter("Snapshots encrypted with the AWS Managed CMK can't be shared.");
        }
        const without = image.launchAccounts.filter((account) => !remove.some(({ UserId }) => UserId === account));
        const added = add.flatMap(({ UserId }) => (UserId === undefined ? [] : [UserId]));
        const isAll = ({ Group }: LaunchPermission) => Group === "all";
        world.images.put(image.imageId, {
          ...image,
          description: description ?? image.description,
          isPublic: add.some(isAll) || (image.isPublic && !remove.some(isAll)),
          launchAccounts: [...new Set([...without, ...added])],
        });
        return {};
      },
    }),
    ...operation<DescribeImageAttributeCommandInput, object>({
      name: "DescribeImageAttribute",
      accepts: ["ImageId", "Attribute"],
      permissions: (input) => [world.permission("DescribeImageAttribute", "image", input.ImageId ?? "*")],
      run(input) {
        const image = requireOwnImage(world, input.ImageId);
        const value = (text: string | undefined) => ({ Value: text });
        const attributes: Record<string, object> = {
          description: { Description: value(image.description) },
          bootMode: { BootMode: value(image.bootMode) },
          tpmSupport: { TpmSupport: value(image.tpmSupport) },
          uefiData: { UefiData: value(image.uefiData) },
          imdsSupport: { ImdsSupport: value(image.imdsSupport) },
          sriovNetSupport: { SriovNetSupport: value(image.sriovNetSupport) },
          productCodes: { ProductCodes: image.lineage.productCodes },
          launchPermission: {
            LaunchPermissions: [
              ...(image.isPublic ? [{ Group: "all" }] : []),
              ...image.launchAccounts.map((UserId) => ({ UserId })),
            ],
          },
        };
        const found = attributes[input.Attribute ?? ""];
        if (!found) throw invalidParameter(`Value (${input.Attribute}) for parameter attribute is invalid.`);
        return { ImageId: image.imageId, ...found };
      },
    }),
  };
}

function permissionsOf(input: ModifyImageAttributeCommandInput): {
  add: LaunchPermission[];
  remove: LaunchPermission[];
} {
  const add = [...(input.LaunchPermission?.Add ?? [])];
  const remove = [...(input.LaunchPermission?.Remove ?? [])];
  const listed: LaunchPermission[] = [
    ...(input.UserIds ?? []).map((UserId) => ({ UserId })),
    ...(input.UserGroups ?? []).map(() => ({ Group: "all" as const })),
  ];
  (input.OperationType === "remove" ? remove : add).push(...listed);
  return { add, remove };
}
