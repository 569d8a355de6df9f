import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import type { Engine } from '../src/docker/engine.ts';
import { IMAGES, type ImageKey, STAND_IN_LABEL } from '../src/docker/images.ts';
import { mirror } from '../src/roots.ts';
import { STAND_INS, type StandIn } from './stand-ins.ts';

const CONTEXT = fileURLToPath(new URL('../images', import.meta.url));

/** On a stand-in: what it was built from, so that a change of the recipe is seen. */
export const RECIPE_LABEL = 'rb.recipe';

/** What all of them start from: a small Debian, tini and gosu for the entry points. */
const MMDEBSTRAP = [
  '--variant=apt',
  '--include=ca-certificates,tini,gosu,passwd',
  // Mirrors of the moving suites may lag behind.
  '--aptopt=Acquire::Check-Valid-Until "false"',
  '--aptopt=Acquire::Languages "none"',
  '--aptopt=APT::Install-Recommends "false"',
  ...['doc', 'man', 'info', 'locale'].map((folder) => `--dpkgopt=path-exclude=/usr/share/${folder}/*`),
];

/** A hash of all that goes into the image but the packages themselves. */
export function recipeOf({ suite, dockerfile, args }: StandIn): string {
  const hash = createHash('sha256').update(JSON.stringify([MMDEBSTRAP, suite, dockerfile, args]));
  const folder = join(CONTEXT, dirname(dockerfile));
  for (const file of readdirSync(folder).toSorted())
    hash.update(`\0${file}\0`).update(readFileSync(join(folder, file)));
  return hash.digest('hex').slice(0, 16);
}

/** Errors: Error with the end of what the build printed. */
export async function buildStandIn(engine: Engine, key: ImageKey): Promise<void> {
  if (key === 'mongo') throw new Error('there is no stand-in of MongoDB: Debian has no package of it');
  const standIn = STAND_INS[key];
  const base = await baseOf(engine, standIn.suite);
  const context = { context: CONTEXT, src: [dirname(standIn.dockerfile)] };
  const stream = await engine.container.dockerode.buildImage(context, {
    t: IMAGES[key],
    dockerfile: standIn.dockerfile,
    buildargs: { BASE: base, ...standIn.args },
    labels: { [STAND_IN_LABEL]: standIn.suite, [RECIPE_LABEL]: recipeOf(standIn) },
    // The packages come from where this machine gets its own; its network need not be the containers'.
    networkmode: 'host',
  });
  // A line of JSON per step; the engine reports a failure as one more of them.
  const output = await text(stream);
  if (/"errorDetail"/.test(output)) throw new Error(`cannot build ${IMAGES[key]}:\n${output.slice(-3000)}`);
}

const bases = new Map<string, Promise<string>>();

/** The name of the base image of that suite. Images that are built at once share the one that the first makes. */
function baseOf(engine: Engine, suite: string): Promise<string> {
  const known = bases.get(suite) ?? makeBase(engine, suite);
  bases.set(suite, known);
  return known;
}

async function makeBase({ container: { dockerode } }: Engine, suite: string): Promise<string> {
  const repo = 'rb-stand-in-base';
  const name = `${repo}:${suite}`;
  const images = await dockerode.listImages({ filters: { reference: [name] } });
  if (images.length > 0) return name;
  const debian = spawn('mmdebstrap', [...MMDEBSTRAP, suite, '-', mirror()], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const failure = text(debian.stderr);
  const ended = once(debian, 'close');
  const changes = 'ENV DEBIAN_FRONTEND=noninteractive';
  const imported = await dockerode.importImage(debian.stdout, { repo, tag: `${suite}-unfinished`, changes });
  const answer = await text(imported);
  const [code] = await ended;
  if (code !== 0) throw new Error(`mmdebstrap ${suite} exits with ${code}:\n${(await failure).slice(-3000)}`);
  if (/"errorDetail"/.test(answer)) throw new Error(`cannot import ${name}: ${answer}`);
  // Only now under the name that is looked for: what a killed or failed mmdebstrap printed was imported too.
  await dockerode.getImage(`${name}-unfinished`).tag({ repo, tag: suite });
  await dockerode.getImage(`${name}-unfinished`).remove();
  return name;
}
