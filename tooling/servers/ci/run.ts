// All that must hold before a merge: installs what the tests need of this machine, has a Docker engine with the images
// that they start, then runs `npm test` with CI=true, where everything is required. Called by .ci/run.
//
// A step that fails does not stop the tests: they say what they miss for it. Exit code 0 only when everything held.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import process from 'node:process';
import { engine } from '../src/docker/engine.ts';
import { CACHE, makeRoot, ROOT_NAMES } from '../src/roots.ts';
import { engineAnswers, provideEngine, type RunEngine } from './engine.ts';
import { installPackages } from './packages.ts';
import { provideImages } from './provide-images.ts';
import { CI_IMAGES } from './stand-ins.ts';

const say = (message: string) => console.log(`ci: ${message}`);
let failed = false;

/** Does a part of the preparation, and says how long it took. */
async function step<T>(name: string, work: () => T | Promise<T>): Promise<T | undefined> {
  const started = performance.now();
  const seconds = () => `${((performance.now() - started) / 1000).toFixed(1)} s`;
  try {
    const result = await work();
    say(`${name.padEnd(16)} ${seconds()}`);
    return result;
  } catch (error) {
    failed = true;
    say(`${name.padEnd(16)} failed after ${seconds()}: ${error instanceof Error ? error.message : error}`);
    return undefined;
  }
}

await step('packages', () => installPackages(engineAnswers(), say));
await step('server roots', () => Promise.all(ROOT_NAMES.map(makeRoot)));
const runEngine: RunEngine | undefined = await step('Docker engine', () => provideEngine(CACHE));
if (runEngine) {
  await step('images', async () => {
    const found = await engine();
    if ('missing' in found) throw new Error(found.missing);
    await provideImages(found, CI_IMAGES, say);
  });
}
try {
  const tests = spawn('npm', ['test'], {
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, CI: 'true' },
  });
  // Whoever ends this run ends the tests; then the engine, below.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => tests.kill(signal));
  const [code] = await once(tests, 'close');
  process.exitCode = code === 0 && !failed ? 0 : 1;
} finally {
  await runEngine?.end();
}
