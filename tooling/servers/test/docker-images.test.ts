import { readFileSync } from 'node:fs';
import { getReaperImage } from 'testcontainers/build/reaper/reaper.js';
import { describe, expect, it } from 'vitest';
import { recipeOf } from '../ci/build.ts';
import { CI_IMAGES, STAND_INS } from '../ci/stand-ins.ts';
import { IMAGES, imageOf } from '../src/docker/images.ts';

describe('the pinned images', () => {
  it('name a version each, so that no run gets another one than the last', () => {
    for (const image of Object.values(IMAGES)) expect(image).toMatch(/:\d+(\.\d+)*(-alpine)?$/);
  });

  it('have the reaper that testcontainers starts', () => {
    expect(IMAGES.ryuk).toBe(getReaperImage());
  });

  it('keep their variant in another version', () => {
    expect(imageOf('postgres', '17')).toBe('postgres:17-alpine');
    expect(imageOf('mysql', '8.4')).toBe('mysql:8.4');
    expect(imageOf('redis')).toBe(IMAGES.redis);
  });

  it('can all be built from Debian packages, but MongoDB, which Debian does not have', () => {
    const without = Object.keys(IMAGES).filter((key) => !(key in STAND_INS));
    expect(without).toEqual(['mongo']);
    expect(CI_IMAGES.every((key) => key in STAND_INS)).toBe(true);
  });
});

describe('a stand-in', () => {
  it.each(Object.entries(STAND_INS))(
    'of %s gives every argument that its Dockerfile takes, and no other',
    (_, standIn) => {
      const dockerfile = readFileSync(new URL(`../images/${standIn.dockerfile}`, import.meta.url), 'utf8');
      const taken = [...dockerfile.matchAll(/^ARG (\w+)$/gm)].map(([, name]) => name);
      expect(taken.toSorted()).toEqual(['BASE', ...Object.keys(standIn.args)].toSorted());
    },
  );

  it('is another one when its recipe changes', () => {
    const { postgres, redis, valkey } = STAND_INS;
    expect(recipeOf(postgres)).toBe(recipeOf({ ...postgres }));
    expect(recipeOf({ ...postgres, args: { MAJOR: '17' } })).not.toBe(recipeOf(postgres));
    expect(recipeOf({ ...postgres, suite: 'trixie' })).not.toBe(recipeOf(postgres));
    expect(recipeOf(redis)).not.toBe(recipeOf(valkey));
  });
});
