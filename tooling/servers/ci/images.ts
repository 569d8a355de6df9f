// Makes the images that tests start: pulls the official ones; where no registry is within reach builds stand-ins of the
// same names from Debian packages (see ../images/README.md), for which it needs root and mmdebstrap.
//
//   node tooling/servers/ci/images.ts [redis postgres ...]
//
// Without arguments those that a CI run tests in Docker.
import { exit } from 'node:process';
import { engine } from '../src/docker/engine.ts';
import { IMAGES, type ImageKey } from '../src/docker/images.ts';
import { provideImages } from './provide-images.ts';
import { CI_IMAGES } from './stand-ins.ts';

const isKey = (name: string): name is ImageKey => name in IMAGES;

const names = process.argv.slice(2);
const unknown = names.filter((name) => !isKey(name));
const found = await engine();
if ('missing' in found) {
  console.error(found.missing);
  exit(1);
} else if (unknown.length > 0) {
  console.error(`no image is called ${unknown.join(', ')}; there are ${Object.keys(IMAGES).join(', ')}`);
  exit(1);
} else {
  await provideImages(found, names.length > 0 ? names.filter(isKey) : CI_IMAGES, console.log);
}
