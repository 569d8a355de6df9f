import { setTimeout } from 'node:timers/promises';
import { ImageName } from 'testcontainers';
import type { Engine } from '../src/docker/engine.ts';
import { IMAGES, type ImageKey, STAND_IN_LABEL } from '../src/docker/images.ts';
import { buildStandIn, RECIPE_LABEL, recipeOf } from './build.ts';
import { STAND_INS } from './stand-ins.ts';

/** A registry that does not say anything in this time is not within reach: a firewall drops what is sent there. */
const REGISTRY_WITHIN_MS = 10_000;

/**
 * Sees to it that the engine has these images: the official ones where it can pull them, else stand-ins of the same name.
 * An image that is there stays, unless it is a stand-in whose recipe has changed.
 */
export async function provideImages(
  engine: Engine,
  keys: readonly ImageKey[],
  say: (message: string) => void,
): Promise<void> {
  const missing: ImageKey[] = [];
  for (const key of keys) if (!(await isThere(engine, key))) missing.push(key);
  const pullable = await Promise.all(missing.map((key) => isWithinReach(engine, IMAGES[key])));
  const provide = async (key: ImageKey, pull: boolean) => {
    const started = performance.now();
    if (pull) await engine.image.pull(ImageName.fromString(IMAGES[key]));
    else await buildStandIn(engine, key);
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    say(`${IMAGES[key]} ${pull ? 'pulled' : 'built as a stand-in'} in ${seconds} s`);
  };
  await Promise.all(missing.map((key, i) => provide(key, pullable[i] === true)));
}

async function isThere(engine: Engine, key: ImageKey): Promise<boolean> {
  try {
    const { Config } = await engine.container.dockerode.getImage(IMAGES[key]).inspect();
    const labels = Config.Labels ?? {};
    if (!(STAND_IN_LABEL in labels) || key === 'mongo') return true;
    return labels[RECIPE_LABEL] === recipeOf(STAND_INS[key]);
  } catch (error) {
    if (error instanceof Error && 'statusCode' in error && error.statusCode === 404) return false;
    throw error;
  }
}

/** Whether the engine's registry has it, which costs one short request. */
async function isWithinReach(engine: Engine, image: string): Promise<boolean> {
  const asked = engine.container.dockerode.getImage(image).distribution();
  const late = setTimeout(REGISTRY_WITHIN_MS, false, { ref: false });
  return Promise.race([
    asked.then(
      () => true,
      () => false,
    ),
    late,
  ]);
}
