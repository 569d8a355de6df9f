import { randomUUID } from 'node:crypto';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import type { GenericContainer, StartedTestContainer } from 'testcontainers';
import { freePort } from '../local/ports.ts';
import type { Server, ServiceName, StartOptions } from '../service.ts';
import type { Engine } from './engine.ts';
import { imageOf, STAND_IN_LABEL } from './images.ts';
import { answer, askBy, containerNode } from './node.ts';
import type { Recipe } from './recipe.ts';

/** Some twenty lines. */
const LOG_CHARACTERS = 2000;

/** Runs the service in a container of its own, on a port that it keeps. */
export async function startRecipe(
  engine: Engine,
  service: ServiceName,
  recipe: Recipe,
  { config = {}, version }: StartOptions,
): Promise<Server> {
  const image = imageOf(recipe.image, version);
  // A port that is chosen here stays the same when the container is started again; one that the engine gives does not.
  const host = await freePort();
  const container = await recipe.container(image, config);
  const published = container.withExposedPorts({ container: recipe.port, host });
  const started = await startContainer(engine, published, image);
  const end = () => remove(engine, [started]);
  try {
    const inside = engine.container.getById(started.getId());
    const ask = askBy(engine, inside, recipe.ask, recipe.version);
    const url = recipe.url(`${addressOf(started)}:${host}`);
    return {
      service,
      url,
      version: `${recipe.title} ${await answer(ask)}`,
      how: await howOf(engine, image),
      ...(recipe.tls ? { tls: recipe.tls } : {}),
      nodes: [containerNode('server', url, inside, ask)],
      [Symbol.asyncDispose]: end,
    };
  } catch (error) {
    await end();
    throw error;
  }
}

/** Errors: Error with the end of what the program in it printed, which alone knows why it ended. Its container is removed. */
export async function startContainer(
  engine: Engine,
  container: GenericContainer,
  image: string,
): Promise<StartedTestContainer> {
  let printed = '';
  let log: Readable | undefined;
  container.withLogConsumer((stream) => {
    log = stream.on('data', (chunk) => {
      printed = (printed + chunk).slice(-LOG_CHARACTERS);
    });
  });
  // Testcontainers does not say which container it could not start, and removes it only where it waited for its server.
  const label = 'rb.start';
  const value = randomUUID();
  try {
    return await container.withLabels({ [label]: value }).start();
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const filters = { label: [`${label}=${value}`] };
    const [left] = await engine.container.dockerode.listContainers({ all: true, filters });
    if (left) printed = await lastWords(engine, left.Id);
    throw new Error(`cannot start ${image} in Docker: ${reason}\n${printed}`, { cause });
  } finally {
    log?.destroy();
  }
}

/** Ends and removes a container; what it printed last. */
async function lastWords(engine: Engine, id: string): Promise<string> {
  const container = engine.container.getById(id);
  const { State } = await container.inspect();
  // The log of one that runs has no end.
  if (State.Running) await container.kill();
  const printed = State.Status === 'created' ? '' : await text(await engine.container.logs(container, { tail: 20 }));
  await container.remove({ force: true, v: true });
  return printed;
}

/** Where clients find what a container publishes. Some resolve `localhost` to IPv6 first, where another program may listen. */
function addressOf(container: StartedTestContainer): string {
  return container.getHost() === 'localhost' ? '127.0.0.1' : container.getHost();
}

/** For the closing table. What an image built here says of itself must not pass for the official one. */
export async function howOf(engine: Engine, image: string): Promise<string> {
  const { Config } = await engine.container.dockerode.getImage(image).inspect();
  const suite = Config.Labels?.[STAND_IN_LABEL];
  return `Docker, ${image}${suite ? ` (stand-in, of Debian ${suite})` : ''}`;
}

/** Ends and removes containers and their volumes, whatever state they are in. */
export async function remove(engine: Engine, containers: readonly StartedTestContainer[]): Promise<void> {
  await Promise.all(containers.map((each) => engine.container.getById(each.getId()).remove({ force: true, v: true })));
}
