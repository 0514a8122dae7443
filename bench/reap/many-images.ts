import { generationName, imageName } from "../../shared/domain/names.ts";

/** How large the stage is that is planned for. */
export interface Size {
  services: number;
  imagesOfEach: number;
  instances: number;
}

/** EC2 allows 50,000 images in a region by default (EC2 quotas, "AMIs"); this is twice that. */
export const size: Size = { services: 2_000, imagesOfEach: 50, instances: 10_000 };

/** The one image of each service that nothing needs: the oldest one. */
export const unneededOrdinal = 1;

export function serviceName(index: number): string {
  return `service-${String(index).padStart(4, "0")}`;
}

/** The generations of a service, oldest first; the last one is live. */
export function generationsOf(service: string): string[] {
  return Array.from({ length: size.imagesOfEach }, (_, index) => generationName(service, index + 1));
}

export function nameOfImage(stage: string, service: string, generation: string): string {
  return imageName(stage, service, `digest-${generation}`);
}

/** EC2's form of an id, different for each number. */
export function idOf(kind: "ami" | "i", number: number): string {
  return `${kind}-${number.toString(16).padStart(17, "0")}`;
}
