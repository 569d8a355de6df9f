import { expect, it } from 'vitest';
import { mysqlStore } from '../../src/mysql/index.js';
import { parseMysqlUrl } from '../../src/mysql/url.js';

it("takes Celery's spellings", () => {
  const target = { host: 'db', port: 3306, user: 'u@v', password: 'p:w/', database: 'results' };
  for (const scheme of ['mysql', 'db+mysql', 'mysql+pymysql', 'db+mysql+mysqldb', 'mariadb+mariadbconnector'])
    expect(parseMysqlUrl(`${scheme}://u%40v:p:w%2F@db/results?charset=utf8mb4`)).toMatchObject(target);
  expect(parseMysqlUrl('mysql://[::1]:3307/')).toMatchObject({ host: '::1', port: 3307, database: undefined });
  expect(parseMysqlUrl('mysql:///r?unix_socket=/run/m.sock')).toMatchObject({
    host: 'localhost',
    socketPath: '/run/m.sock',
  });
  expect(parseMysqlUrl('mysql://db/r?ssl=true').ssl).toEqual({ rejectUnauthorized: true });
});

it('refuses what it would not honour, without showing the URL', () => {
  for (const url of [
    'postgres://u:secret@h/d',
    'mysql://u:secret@h/d?secret=1%',
    'mysql://u:secret@h:x/d',
    'mysql://u:%secret@h/d',
  ])
    expect(() => parseMysqlUrl(url)).toThrow(TypeError);
  expect(() => parseMysqlUrl('postgres://u:secret@h/d')).not.toThrow(/secret/);
  expect(() => mysqlStore({})).toThrow('expected exactly one of url and pool');
  expect(() => mysqlStore({ url: 'mysql://h/d', pollMs: 0 })).toThrow(
    'expected milliseconds above 0, up to 2147483647 as pollMs',
  );
});
