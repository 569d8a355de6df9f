import { isDeepStrictEqual } from 'node:util';
import {
  type GetOutcome,
  isFinal,
  isReady,
  ResultError,
  type ResultStore,
  type ScanCapability,
  type TaskRecord,
} from '@rb/core';
import type { BackfillOptions, Difference, VerifyOptions } from '../dual.js';

export async function backfill({ source, target, after, pageSize, signal, onPage }: BackfillOptions): Promise<void> {
  for await (const { records, cursor } of scanOf(source).pages({ after, pageSize, signal, verbatim: true })) {
    // What cannot be read cannot be copied; `verify` tells of it.
    let left = records.filter(isRecord);
    let copied = new Map<string, TaskRecord>();
    while (left.length > 0) {
      const there = await target.get(idsOf(left), { signal });
      const lacking = left.filter(
        (record, at) => isNewer(record, there[at]) || isSame(there[at], copied.get(record.taskId)),
      );
      for (const outcome of await target.put(lacking, { signal })) if ('refused' in outcome) throw outcome.refused;
      copied = new Map(lacking.map((record) => [record.taskId, record]));
      // Where the source moved on meanwhile, the copy may have replaced what the pair wrote: it is brought up again.
      const now = await source.get(idsOf(lacking), { signal, verbatim: true });
      const gone = lacking.filter((_, at) => now[at] === undefined);
      if (gone.length > 0) await target.delete(idsOf(gone), { signal });
      left = now.filter(isRecord).filter((record) => !isSame(record, copied.get(record.taskId)));
    }
    onPage?.(cursor);
  }
}

export async function* verify({ primary, secondary, signal }: VerifyOptions): AsyncGenerator<Difference> {
  for await (const { records } of scanOf(primary).pages({ signal })) {
    yield* differences(idsOf(records), { primary, secondary, signal });
  }
  for await (const { records } of scanOf(secondary).pages({ signal })) {
    const found = await primary.get(idsOf(records), { signal });
    const alone = records.filter((_, at) => found[at] === undefined);
    yield* differences(idsOf(alone), { primary, secondary, signal });
  }
}

async function* differences(
  taskIds: readonly string[],
  { primary, secondary, signal }: VerifyOptions,
): AsyncGenerator<Difference> {
  const [first, second] = [await primary.get(taskIds, { signal }), await secondary.get(taskIds, { signal })];
  for (const [at, taskId] of taskIds.entries()) {
    if (isSame(first[at], second[at])) continue;
    // Once more: the two were not read at the same moment.
    const [[left], [right]] = [await primary.get([taskId], { signal }), await secondary.get([taskId], { signal })];
    if (isSame(left, right)) continue;
    yield { taskId, kind: right === undefined ? 'missing' : left === undefined ? 'extra' : 'different' };
  }
}

function isNewer(record: TaskRecord, there: GetOutcome): boolean {
  if (there === undefined || 'refused' in there) return true;
  if (isFinal(there.state)) return false;
  if (isFinal(record.state) || !isReady(there.state)) return isReady(record.state);
  return (record.doneAt ?? 0) > (there.doneAt ?? 0);
}

const isRecord = (outcome: GetOutcome): outcome is TaskRecord => outcome !== undefined && 'state' in outcome;

const isSame = (a: GetOutcome, b: GetOutcome): boolean => isDeepStrictEqual(withoutForm(a), withoutForm(b));

const withoutForm = (outcome: GetOutcome): unknown =>
  isRecord(outcome) ? { ...outcome, verbatim: undefined } : outcome?.taskId;

const idsOf = (records: readonly { readonly taskId: string }[]): readonly string[] =>
  records.map(({ taskId }) => taskId);

function scanOf({ scan, name }: ResultStore): ScanCapability {
  if (scan) return scan;
  throw new ResultError('RB_UNSUPPORTED', `${name} cannot be enumerated, so that nothing can be moved out of it`);
}
