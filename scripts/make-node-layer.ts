import { nodeLayer } from "../cli/node-layer.ts";

const layer = await nodeLayer(process.argv[2] ?? ".kiln/cache");
console.log(JSON.stringify(layer));
