import { isDeepStrictEqual } from 'node:util';
import { type GetOutcome, isResultError, type PutOutcome, RemoteError, type TaskRecord } from '@rb/core';
import type { ClauseContext, OpenStore } from '../context.js';
import { show } from '../evidence.js';
import { type Call, type Draft, TASKS } from './command.js';
import { draftRecord } from './draft-record.js';
import { contradictionIn, type Operation } from './linearizable.js';

/** What was done to some tasks, at once or one after the other, and what was answered. */
export interface History {
  /** Runs the call and writes it down, task by task. Of a delete the first task alone: a count of several names none. */
  call(through: OpenStore, call: Call): Promise<void>;
  /** Reads all tasks, again and again for so long until what is there can be explained. */
  readAll(through: OpenStore, withinMs: number): Promise<void>;
  /** Calls whose answers no order of them explains, for people; undefined where one does. */
  contradiction(): string | undefined;
}

interface Written extends Operation {
  /** The handle. */
  readonly by: string;
}

/** @param mayFail Whether a call may fail for want of a connection. */
export function createHistory(t: ClauseContext, mayFail: boolean): History {
  const taskIds = Array.from({ length: TASKS }, () => t.id());
  const byTask = taskIds.map((): Written[] => []);
  const records = new Map<string, TaskRecord>();
  let moment = 0;

  /** Awaits the call and writes down what `told` makes of its answer: one operation for each of the tasks. */
  async function write<T>(
    through: OpenStore,
    tasks: readonly number[],
    call: () => Promise<T>,
    operationOf: (at: number, answer: T | undefined) => Pick<Operation, 'run' | 'puts' | 'told'>,
  ): Promise<void> {
    moment += 1;
    const start = moment;
    let answer: T | undefined;
    let end = Number.POSITIVE_INFINITY;
    try {
      answer = await call();
      moment += 1;
      end = moment;
    } catch (error) {
      if (!mayFail || !isResultError(error) || !error.retryable) throw error;
      // RB_UNAVAILABLE promises that nothing was done.
      if (error.code !== 'RB_OUTCOME_UNKNOWN') return;
    }
    for (const [at, task] of tasks.entries()) {
      byTask[task]?.push({ by: through.name, start, end, ...operationOf(at, answer) });
    }
  }

  /** Of a record that is just as it was put; any other gets a mark that nothing explains. */
  function markOf(outcome: GetOutcome): string | undefined {
    if (outcome === undefined) return undefined;
    if ('refused' in outcome) return show(outcome.refused);
    const { result } = outcome;
    const mark = String(result instanceof RemoteError ? result.args[0] : result);
    return isDeepStrictEqual({ ...outcome, expiresAt: null }, records.get(mark)) ? mark : show(outcome);
  }

  function draft(drafted: Draft): TaskRecord {
    const mark = `r${records.size + 1}`;
    const record = draftRecord(t, drafted, taskIds[drafted.task] as string, mark);
    records.set(mark, record);
    return record;
  }

  const call: History['call'] = async (through, asked) => {
    if (asked.run === 'put') {
      const drafted = asked.records.map(draft);
      const put = (): Promise<readonly PutOutcome[]> => t.putAll(through, drafted);
      const tasks = asked.records.map(({ task }) => task);
      return write(through, tasks, put, (at, outcomes) => {
        const outcome = outcomes?.[at];
        if (outcome && 'refused' in outcome) t.fail(`put: a sound record was refused: ${show(outcome.refused)}`);
        const record = drafted[at] as TaskRecord;
        // A producer does not hear what the owner makes of it.
        const told = t.facts.traits.readers === 'owner' ? undefined : outcome?.applied;
        return { run: 'put', puts: { mark: markOf(record) as string, state: record.state }, told };
      });
    }
    const tasks = asked.run === 'get' ? asked.tasks : asked.tasks.slice(0, 1);
    const ids = tasks.map((task) => taskIds[task] as string);
    if (asked.run === 'delete') {
      const remove = (): Promise<number> => through.store.delete(ids);
      return write(through, tasks, remove, (_, count) => ({ run: 'delete', told: count === 1 }));
    }
    const get = (): Promise<readonly GetOutcome[]> => through.store.get(ids);
    return write(through, tasks, get, (at, outcomes) => ({ run: 'get', told: markOf(outcomes?.[at]) }));
  };

  const contradiction = (): string | undefined => {
    for (const [task, operations] of byTask.entries()) {
      const found = contradictionIn(operations);
      if (found) return `no order of these explains what was told of #${task + 1}: ${found.map(textOf).join('; ')}`;
    }
    return undefined;
  };

  return {
    call,
    contradiction,
    async readAll(through, withinMs) {
      const until = performance.now() + withinMs;
      for (;;) {
        const before = byTask.map(({ length }) => length);
        await call(through, { run: 'get', handle: 0, tasks: [...taskIds.keys()] });
        if (performance.now() >= until || contradiction() === undefined) return;
        for (const [task, operations] of byTask.entries()) operations.length = before[task] as number;
        await t.sleep(READ_AGAIN_MS);
      }
    },
  };
}

/** Soon enough that an answer which is due is not waited for long. */
const READ_AGAIN_MS = 5;

/** `A.put r1 STARTED at 3-4: applied`: the moments are those of the history. */
function textOf(operation: Operation): string {
  const { by, run, start, end, puts, told } = operation as Written;
  const at = end === Number.POSITIVE_INFINITY ? `from ${start} on` : `at ${start}-${end}`;
  const what = puts ? ` ${puts.mark} ${puts.state}` : '';
  return `${by}.${run}${what} ${at}: ${end === Number.POSITIVE_INFINITY ? 'unknown' : answerText(run, told)}`;
}

function answerText(run: Operation['run'], told: Operation['told']): string {
  if (run === 'put') return told === undefined ? 'sent' : told ? 'applied' : 'not applied';
  if (run === 'delete') return told ? 'it was there' : 'it was not there';
  return told === undefined ? 'nothing' : String(told);
}
