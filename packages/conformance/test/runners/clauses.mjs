// One clause of every outcome, for the tests of what runners make of them.
import { memoryHarness } from '@rb/conformance/reference';

const clause = (id, level, needs, run) => ({
  id,
  since: '1.0',
  level,
  surface: 'store',
  text: `The text of ${id}.`,
  hint: `The hint of ${id}.`,
  source: `The source of ${id}.`,
  needs,
  run,
});

export const harness = memoryHarness;
export const options = {
  seed: 7,
  clauses: [
    clause('STO-1', 'MUST', [], async ({ writer, reader, put, read, same }) => {
      const id = await put(writer, { result: 'kept' });
      same((await read(reader, id))?.result, 'kept', 'result');
    }),
    clause('STO-2', 'MUST', [], async ({ writer, reader, put, read, same }) => {
      const id = await put(writer, { result: 'kept' });
      same((await read(reader, id))?.result, 'lost', 'result');
    }),
    clause('STO-3', 'SHOULD', [], async ({ fail }) => fail('something less')),
    clause('STO-4', 'MUST', ['faults'], async () => {}),
  ],
};
