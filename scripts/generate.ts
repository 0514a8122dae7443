import { writeDocuments } from "./documents/document.ts";
import { bootScriptModule } from "./generate-boot-script.ts";
import { diagramDocuments } from "./generate-diagrams.ts";
import { referenceDocuments } from "./generate-references.ts";
import { unheededDocuments } from "./generate-unheeded.ts";

/** `npm run generate`: writes everything that is made from something else and kept in the repository. */
writeDocuments([{ path: "boot/boot-script.generated.ts", text: bootScriptModule() }]);
writeDocuments(diagramDocuments());
writeDocuments(referenceDocuments());
writeDocuments(await unheededDocuments());
