import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { stamp } from '../dependencies.mjs';
import { older } from '../runtimes.mjs';

describe('older', () => {
  it('compares versions as numbers, the first that differs deciding', () => {
    expect(older('20.20.2', '22.22.0')).toBe(true);
    expect(older('22.9.0', '22.22.0')).toBe(true);
    expect(older('22.22.0', '22.22.1')).toBe(true);
    expect(older('22.22.0', '22.22.0')).toBe(false);
    expect(older('24.0.0', '22.22.0')).toBe(false);
  });
});

describe('stamp', () => {
  let directory = '';
  const write = (path, text) => {
    mkdirSync(join(directory, path, '..'), { recursive: true });
    writeFileSync(join(directory, path), text);
  };

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'rb bootstrap '));
    write('package.json', '{}');
    write('pnpm-lock.yaml', 'lock');
    write('node_modules/.modules.yaml', 'installed');
    write('packages/core/package.json', '{ "devDependencies": { "tsup": "9.0.0" } }');
    mkdirSync(join(directory, 'packages/core/node_modules'));
    write('tooling/tsconfig/package.json', '{}');
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  it('stays the same while nothing changes', () => {
    expect(stamp(directory)).toMatch(/^[0-9a-f]{64}$/);
    expect(stamp(directory)).toBe(stamp(directory));
  });

  it.each([
    'package.json',
    'pnpm-lock.yaml',
    'pnpm-workspace.yaml',
    '.npmrc',
    'packages/core/package.json',
    'tooling/servers/package.json',
  ])('changes with %s', (file) => {
    const before = stamp(directory);
    write(file, '{ "version": "2.0.0" }');
    expect(stamp(directory)).not.toBe(before);
  });

  it('changes when somebody installs something else by hand', () => {
    const before = stamp(directory);
    write('node_modules/.modules.yaml', 'without development dependencies');
    expect(stamp(directory)).not.toBe(before);
  });

  it('does not exist while the dependencies of a package are missing', () => {
    rmSync(join(directory, 'packages/core/node_modules'), { recursive: true });
    expect(stamp(directory)).toBeUndefined();
  });
});
