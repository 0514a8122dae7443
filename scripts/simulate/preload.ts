import { loadSdkModel } from "../../local/step-functions/integrations/sdk-model.ts";
import { sdkServices } from "../../local/step-functions/integrations/sdk-services.ts";
import { loadModel } from "../../local/wire/model.ts";
import { serviceIds } from "./handlers.ts";

/** Reads the schemas of every service that a state machine or a handler may call before the first virtual moment: loading files takes real time, which must decide nothing. */
export async function preloadModels(): Promise<void> {
  const names = Object.keys(sdkServices);
  await Promise.all(names.map((name) => loadSdkModel(name)));
  const signingNames = [
    ...Object.values(sdkServices).map(({ signingName }) => signingName),
    ...Object.values(serviceIds),
  ];
  await Promise.all(signingNames.map((signingName) => loadModel(signingName)));
}
