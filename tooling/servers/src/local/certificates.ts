import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import type { TlsFiles } from '../service.ts';

const NAMES = 'subjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1\nextendedKeyUsage=serverAuth,clientAuth\n';
/** Longer than any run, and no secret: they are gone with it. */
const DAYS = '2';

let made: TlsFiles | undefined;

/** An authority and a certificate of this machine's own address, made once per process by openssl. Readable by every user. */
export function certificates(): TlsFiles {
  made ??= make();
  return made;
}

/** For a host of another name, with no authority but itself. */
export function selfSigned(host: string): Omit<TlsFiles, 'ca'> {
  const { directory, openssl, publish } = workplace();
  const named = ['-subj', `/CN=${host}`, '-addext', `subjectAltName=DNS:${host}`];
  openssl('req', '-x509', ...key('server'), '-days', DAYS, '-out', 'server.crt', ...named);
  publish();
  return { cert: join(directory, 'server.crt'), key: join(directory, 'server.key') };
}

const key = (name: string): readonly string[] => [
  '-newkey',
  'ec',
  '-pkeyopt',
  'ec_paramgen_curve:P-256',
  '-nodes',
  '-keyout',
  `${name}.key`,
];

function workplace() {
  const directory = mkdtempSync(join(tmpdir(), 'rb-tls-'));
  process.on('exit', () => rmSync(directory, { recursive: true, force: true }));
  return {
    directory,
    openssl: (...args: readonly string[]): unknown => execFileSync('openssl', args, { cwd: directory, stdio: 'pipe' }),
    /** Readable by every user. */
    publish(): void {
      chmodSync(directory, 0o755);
      for (const file of readdirSync(directory)) chmodSync(join(directory, file), 0o644);
    },
  };
}

function make(): TlsFiles {
  const { directory, openssl, publish } = workplace();
  const authority = [
    '-addext',
    'basicConstraints=critical,CA:TRUE',
    '-addext',
    'keyUsage=critical,keyCertSign,cRLSign',
  ];
  openssl(
    'req',
    '-x509',
    ...key('ca'),
    '-days',
    DAYS,
    '-out',
    'ca.crt',
    '-subj',
    '/CN=rb test authority',
    ...authority,
  );
  openssl('req', ...key('server'), '-out', 'server.csr', '-subj', '/CN=localhost');
  writeFileSync(join(directory, 'names'), NAMES);
  const signing = ['-CA', 'ca.crt', '-CAkey', 'ca.key', '-CAcreateserial', '-days', DAYS, '-extfile', 'names'];
  openssl('x509', '-req', '-in', 'server.csr', ...signing, '-out', 'server.crt');
  publish();
  return { ca: join(directory, 'ca.crt'), cert: join(directory, 'server.crt'), key: join(directory, 'server.key') };
}
