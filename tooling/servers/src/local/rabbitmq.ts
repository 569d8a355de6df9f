import { join } from 'node:path';
import type { Missing, Server, StartOptions } from '../service.ts';
import { host } from './place.ts';
import { freePort } from './ports.ts';
import { answers } from './probe.ts';
import { runProgram, serverDirectory, serverFile, startProcess } from './process.ts';

/** Not /usr/sbin/rabbitmq-server, Debian's own wrapper, which would change the user. */
const BIN = '/usr/lib/rabbitmq/bin';
const EPMD = '/usr/bin/epmd';

const SETTINGS = {
  loopback_users: 'none',
  // By default it refuses to work on a small disk.
  'disk_free_limit.absolute': '50MB',
  'vm_memory_high_watermark.absolute': '512MB',
  'log.console': 'true',
  'log.console.level': 'warning',
};

/** A broker with the name server of its own: one that it started itself would outlive it. */
export async function startRabbitmq({ config = {} }: StartOptions): Promise<Server | Missing> {
  if (!host.has(`${BIN}/rabbitmq-server`) || !host.has(EPMD))
    return { missing: `there is no ${BIN}/rabbitmq-server: install rabbitmq-server (apt-get install rabbitmq-server)` };
  const [port, distribution, names] = [await freePort(), await freePort(), await freePort()];
  const directory = serverDirectory('rabbitmq', host);
  const path = (name: string): string => join(directory, name);
  const nameServer = await startProcess({
    role: 'epmd',
    url: '',
    place: host,
    program: EPMD,
    args: ['-port', String(names), '-address', '127.0.0.1'],
    directory: serverDirectory('epmd', host),
    ready: () => answers(names),
  });
  try {
    const settings = { 'listeners.tcp.1': `127.0.0.1:${port}`, ...SETTINGS, ...config };
    serverFile(
      host,
      path('rabbit.conf'),
      Object.entries(settings)
        .map(([name, value]) => `${name} = ${value}\n`)
        .join(''),
    );
    serverFile(host, path('enabled_plugins'), '[].\n');
    const env = {
      RABBITMQ_NODENAME: `rb${port}@localhost`,
      ERL_EPMD_PORT: String(names),
      ERL_EPMD_ADDRESS: '127.0.0.1',
      RABBITMQ_DIST_PORT: String(distribution),
      RABBITMQ_MNESIA_BASE: path('mnesia'),
      RABBITMQ_MNESIA_DIR: path('mnesia/n'),
      RABBITMQ_LOG_BASE: path('log'),
      RABBITMQ_LOGS: '-',
      RABBITMQ_CONFIG_FILE: path('rabbit.conf'),
      RABBITMQ_ADVANCED_CONFIG_FILE: path('none.config'),
      RABBITMQ_CONF_ENV_FILE: '/dev/null',
      RABBITMQ_ENABLED_PLUGINS_FILE: path('enabled_plugins'),
      RABBITMQ_GENERATED_CONFIG_DIR: path('generated'),
      RABBITMQ_PLUGINS_EXPAND_DIR: path('plugins'),
      RABBITMQ_PID_FILE: path('pid'),
      // Schedulers that look for work without pause would take both cores.
      RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: '+S 2:2 +sbwt none +sbwtdcpu none +sbwtdio none',
      // Makes the script exec the Erlang machine, so that signals reach it.
      RUNNING_UNDER_SYSTEMD: '1',
      PATH: `${BIN}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`,
    };
    const { dispose, ...node } = await startProcess({
      role: 'server',
      url: `amqp://guest:guest@127.0.0.1:${port}/`,
      place: host,
      program: `${BIN}/rabbitmq-server`,
      args: [],
      env,
      directory,
      // The protocol header is answered by Connection.Start, which names the product; listeners open at the end of the boot.
      ready: () => answers(port, 'AMQP\0\0\x09\x01', /product/),
    });
    const version = runProgram(host, '/tmp', `${BIN}/rabbitmqctl`, ['version'], { PATH: env.PATH }).trim();
    return {
      service: 'rabbitmq',
      url: node.url,
      version: `RabbitMQ ${version}`,
      how: `${BIN}/rabbitmq-server`,
      nodes: [node],
      async [Symbol.asyncDispose]() {
        await dispose();
        await nameServer.dispose();
      },
    };
  } catch (error) {
    await nameServer.dispose();
    throw error;
  }
}
