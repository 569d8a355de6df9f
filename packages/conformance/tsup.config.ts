import { library } from '@rb/tsup';

export default library({
  index: 'src/index.ts',
  reference: 'src/reference/index.ts',
  saboteurs: 'src/saboteurs/index.ts',
  'rb-conformance': 'src/rb-conformance.ts',
  'tcp-proxy': 'src/tcp-proxy.ts',
  // What second processes run and import.
  wire: 'src/reference/wire.ts',
  owner: 'src/reference/owner.ts',
  'second-process-entry': 'src/second-process-entry.ts',
  'sabotaged-harness': 'src/saboteurs/sabotaged-harness.ts',
});
