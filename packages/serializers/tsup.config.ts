import { library } from '@rb/tsup';

export default library({ pickle: 'src/pickle/index.ts' });
