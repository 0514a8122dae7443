import { GetParameterCommand, PutParameterCommand, type SSMClient } from "@aws-sdk/client-ssm";
import { isNamed } from "../errors.ts";

/** Pointers that people and other tools read, in SSM Parameter Store. */
export class Parameters {
  readonly #ssm: SSMClient;

  constructor(ssm: SSMClient) {
    this.#ssm = ssm;
  }

  async read(name: string): Promise<string | undefined> {
    try {
      return (await this.#ssm.send(new GetParameterCommand({ Name: name }))).Parameter?.Value;
    } catch (error) {
      if (isNamed(error, "ParameterNotFound")) return undefined;
      throw error;
    }
  }

  async write(name: string, value: string): Promise<void> {
    await this.#ssm.send(new PutParameterCommand({ Name: name, Value: value, Type: "String", Overwrite: true }));
  }
}

/** Names of the parameters of one stage. */
export const parameterNames = {
  spec: (stage: string, service: string) => `/kiln/${stage}/services/${service}/spec`,
  live: (stage: string, service: string) => `/kiln/${stage}/services/${service}/live`,
  recipe: (stage: string, recipe: string) => `/kiln/${stage}/recipes/${recipe}`,
  listener: (stage: string) => `/kiln/${stage}/listener`,
} as const;
