import { serverTest } from '@rb/servers/fixture';
import { expect } from 'vitest';
import { mysqlStore } from '../../src/mysql/index.js';
import { record } from '../support.js';
import { databaseAt } from './database.js';

/** What the server itself raises is raised here by a trigger, so that a disk need not be filled. */
const RAISE = `CREATE TRIGGER raise BEFORE INSERT ON celery_taskmeta FOR EACH ROW BEGIN
    DECLARE n INT DEFAULT NEW.traceback;
    SIGNAL SQLSTATE 'HY000' SET MYSQL_ERRNO = n, MESSAGE_TEXT = 'raised'; END`;

/** errno, our code, whether to try again. */
const ERRNOS = [
  [1045, 'RB_DENIED', false],
  [1698, 'RB_DENIED', false],
  [1251, 'RB_DENIED', false],
  [3159, 'RB_DENIED', false],
  [1044, 'RB_DENIED', false],
  [1142, 'RB_DENIED', false],
  [1143, 'RB_DENIED', false],
  [1227, 'RB_DENIED', false],
  [1130, 'RB_DENIED', false],
  [1820, 'RB_DENIED', false],
  [1862, 'RB_DENIED', false],
  [3118, 'RB_DENIED', false],
  [3955, 'RB_DENIED', false],
  [4151, 'RB_DENIED', false],
  [1049, 'RB_SCHEMA', false],
  [1054, 'RB_SCHEMA', false],
  [1146, 'RB_SCHEMA', false],
  [1050, 'RB_SCHEMA', true],
  [1060, 'RB_SCHEMA', true],
  [1061, 'RB_SCHEMA', true],
  [1845, 'RB_SCHEMA', false],
  [1846, 'RB_SCHEMA', false],
  [1665, 'RB_UNSUPPORTED', false],
  [1153, 'RB_TOO_LARGE', false],
  [1301, 'RB_TOO_LARGE', false],
  [1406, 'RB_TOO_LARGE', false],
  [1366, 'RB_ENCODE', false],
  [1290, 'RB_UNAVAILABLE', true],
  [1792, 'RB_UNAVAILABLE', true],
  [1836, 'RB_UNAVAILABLE', true],
  [1021, 'RB_UNAVAILABLE', true],
  [1037, 'RB_UNAVAILABLE', true],
  [1038, 'RB_UNAVAILABLE', true],
  [1041, 'RB_UNAVAILABLE', true],
  [1114, 'RB_UNAVAILABLE', true],
  [1206, 'RB_UNAVAILABLE', true],
  [1040, 'RB_UNAVAILABLE', true],
  [1135, 'RB_UNAVAILABLE', true],
  [1203, 'RB_UNAVAILABLE', true],
  [1226, 'RB_UNAVAILABLE', true],
  [1047, 'RB_UNAVAILABLE', true],
  [1129, 'RB_UNAVAILABLE', true],
  // Tried again, until it has been too long.
  [1020, 'RB_UNAVAILABLE', true],
  [1062, 'RB_UNAVAILABLE', true],
  [1205, 'RB_UNAVAILABLE', true],
  [1213, 'RB_UNAVAILABLE', true],
  [3101, 'RB_UNAVAILABLE', true],
  [1317, 'RB_UNAVAILABLE', true],
  [1969, 'RB_UNAVAILABLE', true],
  [3024, 'RB_UNAVAILABLE', true],
  // The server ends the connection with it, whatever was done before.
  [1053, 'RB_OUTCOME_UNKNOWN', true],
  [1927, 'RB_OUTCOME_UNKNOWN', true],
  [4031, 'RB_OUTCOME_UNKNOWN', true],
  [1264, 'RB_STORE', false],
  [1467, 'RB_STORE', false],
  [1690, 'RB_STORE', false],
  [1644, 'RB_STORE', false],
] as const;

for (const service of ['mysql', 'mariadb', 'mariadb-old'] as const) {
  const it = await serverTest(service);

  it(`${service}: has a code for each class of errno, and says whether to try again`, { timeout: 60_000 }, async ({
    server,
  }) => {
    await using database = await databaseAt(server.url);
    const store = mysqlStore({ url: database.url, queryTimeoutMs: 1_000 });
    await store.get(['a']);
    await database.admin.query(RAISE);
    for (const [errno, expected, retryable] of ERRNOS) {
      const put = store.put([record('a', 'FAILURE', { traceback: String(errno) })]);
      const error = await put.catch((error: unknown) => error);
      expect([errno, error]).toMatchObject([errno, { code: expected, retryable, cause: { errno } }]);
    }
    expect(await store.get(['a'])).toEqual([undefined]);
    await store.close();
  });
}
