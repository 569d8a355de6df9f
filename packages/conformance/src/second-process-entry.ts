import { once } from 'node:events';
import { writeSync } from 'node:fs';
import { argv, exit, stdin } from 'node:process';
import type { Harness } from './harness.js';
import { JOBS } from './jobs.js';
import { type Assignment, SAID, type Said } from './second-process-messages.js';

const say = (said: Said): void => void writeSync(SAID, `${JSON.stringify(said)}\n`);

// Nothing else here ends the process: whether it ends by itself is what the first process looks at.
const { module, token, job, args }: Assignment = JSON.parse(argv[2] ?? '');
const { harness }: { readonly harness: Harness } = await import(module);
const world = await harness.world(token);
const run = await JOBS[job](world, args as never);
say({ ready: true });
// Where the first process is gone, nobody is left to work for.
stdin.once('end', () => exit(1));
await once(stdin, 'data');
stdin.destroy();
const result = await run();
await world.dispose();
say({ result });
