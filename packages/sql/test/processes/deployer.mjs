/** Another process: when told to, deploys the schema of the database it was given, and answers with what it ran or the error's code. */
import { postgresSchema } from '../../dist/postgres.js';

const schema = postgresSchema({ url: process.argv[2] });
process.on('message', async () => {
  process.send(await schema.deploy().catch((error) => error.code ?? String(error)));
});
process.send('ready');
