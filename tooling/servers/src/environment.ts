import { env } from 'node:process';
import { redactUrl } from '@rb/core';
import type { Provider, ServiceName } from './service.ts';
import { versionAt } from './version.ts';

/** `redis-tls` -> RB_REDIS_TLS_URL. */
export const variableOf = (service: ServiceName): string => `RB_${service.toUpperCase().replaceAll('-', '_')}_URL`;

/** Servers that somebody else runs. They are neither configured, stopped nor emptied. */
export const environmentProvider: Provider = {
  name: 'env',
  async start(service, { config }) {
    const variable = variableOf(service);
    const url = env[variable];
    if (!url) return { missing: `${variable} is not set` };
    if (config && Object.keys(config).length > 0)
      return { missing: `the server of ${variable} cannot be configured by a test` };
    try {
      return { service, url, version: await versionAt(service, url), how: variable, async [Symbol.asyncDispose]() {} };
    } catch (cause) {
      // Falling through to another server would test something else than was asked for.
      throw new Error(`${variable} names ${redactUrl(url)}, which does not answer: check it, or unset the variable`, {
        cause,
      });
    }
  },
};
