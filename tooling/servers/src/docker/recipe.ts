import type { GenericContainer } from 'testcontainers';
import type { Server, StartOptions } from '../service.ts';
import type { ImageKey } from './images.ts';

/** How a service that is one program runs in a container. */
export interface Recipe {
  readonly image: ImageKey;
  /** As people call it: `PostgreSQL`. */
  readonly title: string;
  /** Where it listens in its container. */
  readonly port: number;
  /** The container, with the settings that the caller wants. */
  container(image: string, config: NonNullable<StartOptions['config']>): Promise<GenericContainer> | GenericContainer;
  /** What to run in the container to learn the version. It fails as long as the server takes no clients. */
  readonly ask: readonly string[];
  /** Its first group is the version, in what `ask` prints. */
  readonly version: RegExp;
  url(address: string): string;
  /** Files for clients, where it speaks TLS. */
  readonly tls?: Server['tls'];
}

/** Settings, each written as `form` does. One that is given several times is joined by line breaks. */
export function settings(
  config: StartOptions['config'],
  form: (name: string, value: string) => readonly string[],
): string[] {
  return Object.entries(config ?? {}).flatMap(([name, values]) =>
    values.split('\n').flatMap((value) => form(name, value)),
  );
}
