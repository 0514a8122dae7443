import type {
  DescribeAccountAttributesCommandInput,
  DescribeAvailabilityZonesCommandInput,
  DescribeKeyPairsCommandInput,
  DescribeRegionsCommandInput,
  DisableEbsEncryptionByDefaultCommandInput,
  EnableEbsEncryptionByDefaultCommandInput,
  GetEbsDefaultKmsKeyIdCommandInput,
  GetEbsEncryptionByDefaultCommandInput,
} from "@aws-sdk/client-ec2";
import { AwsError } from "../core/aws-error.ts";
import type { Operation } from "../core/kernel.ts";
import { invalidParameter } from "./errors.ts";
import { type FilterTable, matching } from "./filters.ts";
import { operation } from "./operation.ts";
import type { Tags } from "./records.ts";
import type { Ec2World } from "./world.ts";
import { zonesOf } from "./zones.ts";

interface Zone {
  name: string;
  id: string;
  tags: Tags;
}

const zoneFilters: FilterTable<Zone> = {
  "zone-name": (zone) => zone.name,
  "zone-id": (zone) => zone.id,
  "zone-type": () => "availability-zone",
  "opt-in-status": () => "opt-in-not-required",
  state: () => "available",
};

const regionFilters: FilterTable<{ name: string; tags: Tags }> = {
  "region-name": (region) => region.name,
  endpoint: (region) => `ec2.${region.name}.amazonaws.com`,
  "opt-in-status": () => "opt-in-not-required",
};

/** What describes the account and its region. */
export function accountOperations(world: Ec2World): Record<string, Operation> {
  const { region } = world.kernel.settings;
  const encryption = () => ({ EbsEncryptionByDefault: world.encryptionDefaults.get().encryptByDefault });
  return {
    ...operation<DescribeAvailabilityZonesCommandInput, object>({
      name: "DescribeAvailabilityZones",
      accepts: ["ZoneNames", "ZoneIds", "Filters", "AllAvailabilityZones"],
      run(input) {
        const zones = zonesOf(region).map((zone) => ({ ...zone, tags: {} }));
        for (const name of input.ZoneNames ?? []) {
          if (!zones.some((zone) => zone.name === name)) throw invalidParameter(`Invalid availability zone: [${name}]`);
        }
        const chosen = zones.filter(
          (zone) => (input.ZoneNames?.includes(zone.name) ?? true) && (input.ZoneIds?.includes(zone.id) ?? true),
        );
        const AvailabilityZones = matching(chosen, input.Filters, zoneFilters).map((zone) => ({
          ZoneName: zone.name,
          ZoneId: zone.id,
          RegionName: region,
          State: "available",
          OptInStatus: "opt-in-not-required",
          ZoneType: "availability-zone",
          GroupName: region,
          NetworkBorderGroup: region,
          Messages: [],
        }));
        return { AvailabilityZones };
      },
    }),
    ...operation<DescribeRegionsCommandInput, object>({
      name: "DescribeRegions",
      accepts: ["RegionNames", "Filters", "AllRegions"],
      run(input) {
        for (const name of input.RegionNames ?? []) {
          if (name !== region) throw invalidParameter(`Invalid region name: ${name}`);
        }
        const found = matching([{ name: region, tags: {} }], input.Filters, regionFilters);
        const Regions = found.map(({ name }) => ({
          RegionName: name,
          Endpoint: `ec2.${name}.amazonaws.com`,
          OptInStatus: "opt-in-not-required",
        }));
        return { Regions };
      },
    }),
    ...operation<DescribeAccountAttributesCommandInput, object>({
      name: "DescribeAccountAttributes",
      accepts: ["AttributeNames"],
      run(input) {
        const attributes: Record<string, string> = {
          "supported-platforms": "VPC",
          "default-vpc": world.vpcs.list()[0]?.vpcId ?? "none",
          "max-instances": "20",
          "vpc-max-security-groups-per-interface": "5",
          "max-elastic-ips": "5",
          "vpc-max-elastic-ips": "5",
        };
        const names: string[] = input.AttributeNames ?? Object.keys(attributes);
        const AccountAttributes = names.map((AttributeName) => ({
          AttributeName,
          AttributeValues: [{ AttributeValue: attributes[AttributeName] }],
        }));
        return { AccountAttributes };
      },
    }),
    ...operation<DescribeKeyPairsCommandInput, object>({
      name: "DescribeKeyPairs",
      accepts: ["KeyNames", "KeyPairIds", "Filters", "IncludePublicKey"],
      run(input) {
        const [name] = input.KeyNames ?? [];
        if (name !== undefined) {
          throw new AwsError("InvalidKeyPair.NotFound", `The key pair '${name}' does not exist`);
        }
        const [id] = input.KeyPairIds ?? [];
        if (id !== undefined) throw new AwsError("InvalidKeyPair.NotFound", `The key pair ID '${id}' does not exist`);
        return { KeyPairs: [] };
      },
    }),
    ...operation<GetEbsEncryptionByDefaultCommandInput, object>({
      name: "GetEbsEncryptionByDefault",
      accepts: [],
      run: encryption,
    }),
    ...operation<EnableEbsEncryptionByDefaultCommandInput, object>({
      name: "EnableEbsEncryptionByDefault",
      accepts: [],
      run() {
        world.encryptionDefaults.set({ encryptByDefault: true });
        return encryption();
      },
    }),
    ...operation<DisableEbsEncryptionByDefaultCommandInput, object>({
      name: "DisableEbsEncryptionByDefault",
      accepts: [],
      run() {
        world.encryptionDefaults.set({ encryptByDefault: false });
        return encryption();
      },
    }),
    ...operation<GetEbsDefaultKmsKeyIdCommandInput, object>({
      name: "GetEbsDefaultKmsKeyId",
      accepts: [],
      run: () => ({ KmsKeyId: world.encryptionDefaults.get().kmsKeyId ?? "alias/aws/ebs" }),
    }),
  };
}
