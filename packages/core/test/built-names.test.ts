import { describe, expect, it } from 'vitest';

describe('the built package', () => {
  it('has classes that print under the names they are exported by', async () => {
    const built: Record<string, unknown> = await import(new URL('../dist/index.js', import.meta.url).href);
    const isClass = (value: unknown): value is { readonly name: string } =>
      typeof value === 'function' && /^class\b/.test(Function.prototype.toString.call(value));
    const classes = Object.entries(built).flatMap(([name, value]) => (isClass(value) ? [[name, value.name]] : []));
    expect(classes.length).toBeGreaterThan(5);
    for (const [exported, own] of classes) expect(own).toBe(exported);
  });
});
