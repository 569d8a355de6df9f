import { library } from '@rb/tsup';

export default library({ sqlite: 'src/sqlite/index.ts' });
