import { cloudServices } from "./cloud-services.ts";
import { code } from "./document.ts";
import { serviceComments } from "./service-comments.ts";

/** Every service of the embedded cloud: what it is, what is known to differ from AWS, and its operations. */
export function servicesSection(): string {
  const comments = new Map(serviceComments().map((comment) => [comment.className, comment]));
  return cloudServices()
    .sort((a, b) => (a.id < b.id ? -1 : 1))
    .map((service) => {
      const { summary = "", differences = "" } = comments.get(service.constructor.name) ?? {};
      const operations = Object.keys(service.operations).sort();
      const parts = [`### ${code(service.id)}`, summary];
      if (differences !== "") parts.push(`**Known to differ from AWS:** ${differences}`);
      parts.push(`${operations.length} operations: ${operations.join(", ")}.`);
      return parts.join("\n\n");
    })
    .join("\n\n");
}
