/** Another process: stores the records it is sent in one put, and answers with the outcomes or the error's code. */
import { sqliteStore } from '../../dist/sqlite.js';

const store = sqliteStore({ filename: process.argv[2] });
process.on('message', async (records) => {
  process.send(await store.put(records).catch((error) => error.code ?? String(error)));
});
process.on('disconnect', () => store.close());
process.send('ready');
