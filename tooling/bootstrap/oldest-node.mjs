// Prints, as its last line, the path of the Node that is given as a version: node tooling/bootstrap/oldest-node.mjs 22.15.0
import { nodeOf } from './runtimes.mjs';

console.log(nodeOf(process.argv[2]));
