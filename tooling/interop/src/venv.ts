import { execFile } from 'node:child_process';
import { basename, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { CeleryVersion } from '@rb/vectors';

/** Beside the versions of which there are vectors: the first one that compresses results, and one in Django. */
export type OracleVersion = CeleryVersion | '5.7.0' | '5.6.3-django';

/** A virtual environment in which one version of Celery is installed. */
export interface CeleryEnvironment {
  /** Path of its interpreter. */
  readonly python: string;
  /** For people: `virtual environment .tooling/celery-5.6.3-py3.11`. */
  readonly how: string;
}

/** `no-python`: none found; the others are the step that failed with every Python that was. */
export type UnavailableReason = 'no-python' | 'version' | 'venv' | 'install' | 'probe';

/** Celery cannot be had on this machine; the message says why and what to do. */
export class OracleUnavailable extends Error {
  override readonly name = 'OracleUnavailable';
  readonly reason: UnavailableReason;

  /** @param detail all that the failing step said */
  constructor(reason: UnavailableReason, message: string, detail?: string) {
    super(message, detail === undefined ? undefined : { cause: detail });
    this.reason = reason;
  }
}

/** Path of a file beside the oracle's own. */
export const pythonFile = (name: string): string => fileURLToPath(new URL(`../python/${name}`, import.meta.url));

/** For every Python process: UTF-8 whatever the locale, and no `__pycache__` among the sources. */
export const pythonEnv = (): NodeJS.ProcessEnv => ({
  ...process.env,
  PYTHONUTF8: '1',
  PYTHONDONTWRITEBYTECODE: '1',
});

/**
 * Makes the environment, or finds it made: `.tooling/celery-<version>-py<major.minor>/` at the root of the repository, with
 * `python -m venv` and pip. RB_PYTHON names the Python to use; without it the first on PATH with which everything works.
 *
 * Errors: OracleUnavailable.
 * Atomic: yes; python/make_venv.py says how. Processes that want it at once wait for one of them.
 */
export async function celeryEnvironment(version: OracleVersion): Promise<CeleryEnvironment> {
  if (process.platform === 'win32') {
    throw new OracleUnavailable('no-python', 'the oracle needs a POSIX system: run these tests under WSL');
  }
  const { RB_PYTHON } = process.env;
  let failure: OracleUnavailable | undefined;
  for (const python of RB_PYTHON ? [RB_PYTHON] : PYTHONS) {
    const answer = await makeVenv(python, version);
    if (answer === undefined) continue;
    if ('python' in answer) {
      return { python: answer.python, how: `virtual environment ${relative(REPOSITORY, answer.directory)}` };
    }
    // The last line of what pip or Python said is the one that names the trouble.
    const [trouble] = answer.detail.split('\n').slice(-1);
    const message = `Celery ${version} cannot be set up with ${python}: ${ADVICE[answer.failed]} (${trouble})`;
    // The first is the one that people mean by "python"; what later ones lack is no better explanation.
    failure ??= new OracleUnavailable(answer.failed, message, answer.detail);
  }
  const looked = RB_PYTHON ? `RB_PYTHON (${basename(RB_PYTHON)}) does not run` : 'no Python 3 on PATH';
  throw failure ?? new OracleUnavailable('no-python', `${looked}: install Python 3.9 or later, or set RB_PYTHON`);
}

const REPOSITORY = fileURLToPath(new URL('../../..', import.meta.url));

const PYTHONS = ['python3', 'python3.13', 'python3.12', 'python3.11', 'python3.10', 'python3.9', 'python'];

type Failure = Exclude<UnavailableReason, 'no-python'>;

const ADVICE: Readonly<Record<Failure, string>> = {
  version: 'it is too old; install Python 3.9 or later, or set RB_PYTHON to one',
  venv: 'install the venv module (Debian: apt-get install python3-venv)',
  install: 'pip could not install the packages; is the package index within reach?',
  probe: 'the packages were installed, but Celery does not start with this Python; set RB_PYTHON to another',
};

type Answer =
  | { readonly directory: string; readonly python: string }
  | { readonly failed: Failure; readonly detail: string };

/** undefined: there is no such Python. */
async function makeVenv(python: string, version: OracleVersion): Promise<Answer | undefined> {
  const prefix = `${REPOSITORY}.tooling/celery-${version}`;
  const requirements = pythonFile(`requirements-${version}.txt`);
  const args = [pythonFile('make_venv.py'), prefix, requirements, pythonFile('celery_oracle.py')];
  try {
    const running = promisify(execFile)(python, args, { env: pythonEnv() });
    // Setting up takes a while: its line of progress is shown at once, nothing else that Python may say is.
    running.child.stderr?.on('data', (text) => {
      if (String(text).startsWith('interop:')) process.stderr.write(text);
    });
    return JSON.parse((await running).stdout);
  } catch {
    // Absent, a version manager's shim without a version behind it, or broken: each means to try the next.
    return undefined;
  }
}
