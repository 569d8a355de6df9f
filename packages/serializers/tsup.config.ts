import { library } from '@rb/tsup';

const FORMATS = ['adaptive', 'compressed', 'msgpack', 'pickle', 'yaml'];

export default library(Object.fromEntries(FORMATS.map((name) => [name, `src/${name}/index.ts`])));
