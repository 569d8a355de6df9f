import type { Server, ServiceName, StartOptions } from '@rb/servers/service';
import { start } from '@rb/servers/start';

/** A server of the test's own, to be stopped and broken. */
export async function startOrThrow(service: ServiceName, options?: StartOptions): Promise<Server> {
  const found = await start(service, options);
  if ('missing' in found) throw new Error(found.missing);
  return found;
}
