// Exits with 0 where a Docker engine answers on this machine.
import { exit } from 'node:process';
import { engine } from '../src/docker/engine.ts';

const found = await engine();
// At once: a socket to one that keeps silent would hold this process up.
exit('missing' in found ? 1 : 0);
