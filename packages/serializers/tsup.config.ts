import { library } from '@rb/tsup';

export default library({ compressed: 'src/compressed/index.ts', pickle: 'src/pickle/index.ts' });
