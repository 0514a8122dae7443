import { Document, isCollection } from "yaml";
import type { SpecAnswers } from "./answers.ts";

/**
 * The text of a new `kiln.yaml`: only what differs from the defaults, or is required.
 * @param schemaPath Of the JSON Schema, for editors that speak yaml-language-server; relative to the file.
 */
export function specText(answers: SpecAnswers, schemaPath: string): string {
  const { service, base, layers, command, port, healthPath, min, max, instanceType, paths, hosts, listener } = answers;
  const route = { ...(hosts.length > 0 && { hosts }), ...(paths.length > 0 && { paths }) };
  const document = new Document({
    service,
    ...(base !== "al2023" && { base: base.startsWith("ami-") ? { ami: base } : base }),
    ...(layers.length > 0 && { layers }),
    ...(command !== undefined && { command }),
    instanceType,
    port,
    healthCheck: { path: healthPath },
    capacity: { min, max },
    ...(listener !== undefined && { listener }),
    ...(Object.keys(route).length > 0 && { route }),
  });
  for (const path of [["layers"], ["route", "hosts"], ["route", "paths"]]) flow(document, path);
  document.commentBefore = ` yaml-language-server: $schema=${schemaPath}`;
  return document.toString({ lineWidth: 0 });
}

/** Short lists read better on one line. */
function flow(document: Document, path: string[]): void {
  const node = document.getIn(path, true);
  if (isCollection(node)) node.flow = true;
}
