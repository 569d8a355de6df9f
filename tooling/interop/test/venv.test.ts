import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { oracleOrSkip } from '../src/oracle.ts';
import { celeryEnvironment, OracleUnavailable, pythonFile } from '../src/venv.ts';

const directory = mkdtempSync(join(tmpdir(), 'rb-venv-'));
afterAll(() => rmSync(directory, { recursive: true }));

const found = await celeryEnvironment('5.6.3').catch((error: OracleUnavailable) => error);
const python = 'python' in found ? found.python : '';

/** No packages, so that no index is asked: what is tested is everything around pip. */
async function make(name: string, requirements: string, probe = ''): Promise<{ answer: unknown; progress: string }> {
  const [pins, script] = [join(directory, `${name}.txt`), join(directory, `${name}.py`)];
  writeFileSync(pins, requirements);
  writeFileSync(script, probe);
  const args = [pythonFile('make_venv.py'), join(directory, name), pins, script];
  const { stdout, stderr } = await promisify(execFile)(python, args);
  return { answer: JSON.parse(stdout), progress: stderr };
}

// Making one takes seconds, of which each test makes as few as it can.
describe('a virtual environment', { concurrent: true, timeout: 180_000 }, () => {
  beforeEach(({ skip }) => skip(python === '', String(found)));

  it('is made by one of several processes that want it at once, and anew after an installation that failed', async () => {
    const made = await Promise.all([make('shared', ''), make('shared', ''), make('shared', '')]);
    const installing = made.filter(({ progress }) => progress.startsWith('interop: installing'));
    expect(installing).toHaveLength(1);
    expect(new Set(made.map(({ answer }) => JSON.stringify(answer))).size).toBe(1);
    expect(made[0]?.answer).toMatchObject({ python: expect.stringContaining(join(directory, 'shared-py')) });

    const { answer, progress } = await make('shared', './no-such-package');
    expect(answer).toMatchObject({ failed: 'install', detail: expect.stringContaining('no-such-package') });
    expect(progress).toContain('installing');
    expect(await make('shared', './no-such-package'), 'told again, not tried again').toEqual({ answer, progress: '' });

    const again = await make('shared', '');
    expect(again).toEqual({ answer: made[0]?.answer, progress });
  });

  it('counts as absent when what was installed does not start', async () => {
    const failed = await make('probe', '', 'raise SystemExit("does not start")');
    expect(failed.answer).toEqual({ failed: 'probe', detail: 'does not start' });
  });
});

describe('without a Python', () => {
  it('the environment is refused with the reason and what to do', async ({ onTestFinished }) => {
    onTestFinished(() => void vi.unstubAllEnvs());
    vi.stubEnv('RB_PYTHON', '/no/such/python');
    const refused = celeryEnvironment('5.6.3');
    await expect(refused).rejects.toBeInstanceOf(OracleUnavailable);
    await expect(refused).rejects.toMatchObject({ reason: 'no-python', message: expect.stringContaining('RB_PYTHON') });
  });

  it('tests are told why they skip, except where everything is required', async ({ onTestFinished }) => {
    onTestFinished(() => void vi.unstubAllEnvs());
    vi.stubEnv('RB_PYTHON', '/no/such/python');
    vi.stubEnv('RB_SERVICES_LOG', undefined);
    vi.stubEnv('CI', undefined);
    expect(await oracleOrSkip('5.6.3')).toEqual({ missing: expect.stringContaining('RB_PYTHON') });
    vi.stubEnv('CI', 'true');
    await expect(oracleOrSkip('5.6.3')).rejects.toBeInstanceOf(OracleUnavailable);
  });
});
