import { loadSdkModel } from "../../local/step-functions/integrations/sdk-model.ts";
import { sdkServices } from "../../local/step-functions/integrations/sdk-services.ts";
import { loadModel } from "../../local/wire/model.ts";

/** Reads every service's schemas before the first virtual moment: loading files takes real time, which must decide nothing. */
export async function preloadModels(): Promise<void> {
  const names = Object.keys(sdkServices);
  await Promise.all(names.map((name) => loadSdkModel(name)));
  await Promise.all(Object.values(sdkServices).map(({ signingName }) => loadModel(signingName)));
}
