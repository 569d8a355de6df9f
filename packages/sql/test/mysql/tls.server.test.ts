import { readFileSync } from 'node:fs';
import { certificates, selfSigned } from '@rb/servers/certificates';
import { start } from '@rb/servers/start';
import mysql from 'mysql2/promise';
import { afterAll, describe, expect, it } from 'vitest';
import { type MysqlStoreOptions, mysqlStore, storeFromUrl } from '../../src/mysql/index.js';
import { code, record } from '../support.js';

const files = certificates();

for (const service of ['mysql', 'mariadb'] as const) {
  const config = { 'ssl-ca': files.ca, 'ssl-cert': files.cert, 'ssl-key': files.key, 'require-secure-transport': 'ON' };
  const server = await start(service, { config });

  describe.skipIf('missing' in server)(service, () => {
    if ('missing' in server) return;
    afterAll(() => server[Symbol.asyncDispose]());

    const outcome = async (url: string, options: MysqlStoreOptions = {}): Promise<unknown> => {
      const store = storeFromUrl(url, options);
      const result = await code(store.put([record('a', 'STARTED')]));
      await store.close();
      return result;
    };

    it("speaks TLS by Celery's names for it", async () => {
      const ca = encodeURIComponent(files.ca);
      expect(await outcome(`${server.url}?ssl_ca=${ca}`)).toBe('no error');
      // PyMySQL's own name for the file.
      expect(
        await outcome(`${server.url.replace('mysql:', 'db+mysql+pymysql:')}?ssl_ca=${ca}&ssl_check_hostname=false`),
      ).toBe('no error');
      expect(await outcome(server.url, { tls: { ca: readFileSync(files.ca) } })).toBe('no error');
    });

    it('refuses a server that its authority does not vouch for', async () => {
      expect(await outcome(`${server.url}?ssl=true`)).toBe('RB_UNAVAILABLE');
      expect(await outcome(server.url, { tls: { rejectUnauthorized: false } })).toBe('no error');
    });

    it('refuses a server of another name, where it is to be checked', async ({ skip }) => {
      const elsewhere = selfSigned('elsewhere.example');
      const other = await start(service, { config: { 'ssl-cert': elsewhere.cert, 'ssl-key': elsewhere.key } });
      if ('missing' in other) return skip(other.missing);
      const [here, there] = [server.url, other.url].map((url) => url.replace('127.0.0.1', 'localhost'));
      expect(await outcome(`${here}?ssl_ca=${encodeURIComponent(files.ca)}`)).toBe('no error');
      const trusted = `${there}?ssl_ca=${encodeURIComponent(elsewhere.cert)}`;
      expect(await outcome(trusted)).toBe('RB_UNAVAILABLE');
      expect(await outcome(`${trusted}&ssl_check_hostname=false`)).toBe('no error');
      await other[Symbol.asyncDispose]();
    });

    it('says so where the server wants TLS and the URL does not', async () => {
      const store = mysqlStore({ url: server.url });
      await expect(store.get(['a'])).rejects.toMatchObject({
        code: 'RB_DENIED',
        message: expect.stringContaining('TLS'),
      });
      await store.close();
    });

    it("shows the server a certificate of the client's own where it asks for one", async () => {
      const root = await mysql.createConnection({ uri: server.url, ssl: { ca: readFileSync(files.ca, 'utf8') } });
      await root.query("CREATE USER known@'%' IDENTIFIED BY 'known' REQUIRE X509");
      await root.query("GRANT ALL ON test.* TO known@'%'");
      await root.end();
      const url = server.url.replace(/\/\/.*@/, '//known:known@');
      const [ca, cert, key] = [files.ca, files.cert, files.key].map(encodeURIComponent);
      expect(await outcome(`${url}?ssl_ca=${ca}&ssl_cert=${cert}&ssl_key=${key}`)).toBe('no error');
      expect(await outcome(`${url}?ssl_ca=${ca}`)).toBe('RB_DENIED');
    });
  });
}
