import { library } from '@rb/tsup';

export default library(['src/index.ts']);
