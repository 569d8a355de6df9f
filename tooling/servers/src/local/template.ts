import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import type { Place } from './place.ts';
import { serverDirectory } from './process.ts';

const templates = new Map<string, string>();

/**
 * A directory with `data` in it that `make` made once in this process: copying a new database is ten times as fast as making it.
 *
 * @param make Gets the path of the data directory to make.
 */
export function fromTemplate(name: string, place: Place, make: (data: string, directory: string) => void): string {
  let template = templates.get(name);
  if (template === undefined) {
    template = serverDirectory(`${name}-template`, place);
    make(join(template, 'data'), template);
    templates.set(name, template);
  }
  const directory = serverDirectory(name, place);
  execFileSync('cp', ['-a', '--reflink=auto', join(template, 'data'), join(directory, 'data')]);
  return directory;
}
