import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileStore } from '../src/file-store.js';

/** @type {import('@rb/conformance').Harness} */
export const harness = {
  name: 'file',
  module: import.meta.url,
  async world(token) {
    const folder = token ?? (await mkdtemp(join(tmpdir(), 'acme-')));
    return {
      token: folder,
      clock: { kind: 'real' },
      open: async (variant = 'default') => (variant === 'default' ? { store: fileStore({ folder }) } : null),
      // Another process that has joined by the token removes nothing.
      dispose: async () => token ?? rm(folder, { recursive: true, force: true }),
    };
  },
};
