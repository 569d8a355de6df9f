import { library } from '@rb/tsup';

const FORMATS = [
  'adaptive',
  'cbor',
  'claim-check',
  'compressed',
  'encrypted',
  'fernet',
  'limits',
  'msgpack',
  'pickle',
  'signed',
  'yaml',
];

export default library(Object.fromEntries(FORMATS.map((name) => [name, `src/${name}/index.ts`])));
