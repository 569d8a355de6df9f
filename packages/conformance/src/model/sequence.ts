import { type GetOutcome, isResultError, type PutOutcome, type TaskRecord } from '@rb/core';
import type { ClauseContext, OpenStore } from '../context.js';
import { show } from '../evidence.js';
import { type Call, type Command, READER, stepText, TASKS } from './command.js';
import { draftRecord, LIFE_MS, leftMsOf } from './draft-record.js';
import { createHandles, type Handles } from './handles.js';
import { createModel, type Model } from './model.js';

interface Sequence {
  readonly t: ClauseContext;
  readonly handles: Handles;
  readonly model: Model;
  readonly taskIds: readonly string[];
  /** What was done so far, for people. */
  readonly steps: string[];
}

/** Runs the commands on real handles and on the model, side by side; a Violation at the first answer that differs. */
export async function runSequence(t: ClauseContext, commands: readonly Command[]): Promise<void> {
  const taskIds = Array.from({ length: TASKS }, () => t.id());
  const sequence: Sequence = { t, handles: createHandles(t), model: createModel(), taskIds, steps: [] };
  const used = [...new Set(commands.flatMap(tasksOf))];
  // At last all is read through a handle that the sequence does not use, so that none needs a get to be told apart.
  const last: readonly Command[] = used.length > 0 ? [{ run: 'get', handle: READER, tasks: used }] : [];
  try {
    for (const command of [...commands, ...last]) await step(sequence, command);
  } finally {
    await sequence.handles.retire();
  }
}

const tasksOf = (command: Command): readonly number[] =>
  command.run === 'put'
    ? command.records.map(({ task }) => task)
    : command.run === 'get' || command.run === 'delete'
      ? command.tasks
      : [];

async function step(sequence: Sequence, command: Command): Promise<void> {
  const { t, handles, model, taskIds, steps } = sequence;
  steps.push(stepText(command));
  switch (command.run) {
    case 'pass':
      model.pass(command.lives * LIFE_MS);
      return t.pass(command.lives * LIFE_MS, ...taskIds);
    case 'close':
    case 'open':
      return handles[command.run](command.handle);
    case 'put':
    case 'get':
    case 'delete':
      return call(sequence, command);
    default:
      return command satisfies never;
  }
}

async function call(sequence: Sequence, command: Call): Promise<void> {
  const { t, handles, steps, taskIds } = sequence;
  const what = steps.join('; ');
  const through = await handles.at(command.handle);
  const ids = tasksOf(command).map((task) => taskIds[task] as string);
  // `r3` was put by the third step: a read shows which put it comes from.
  const drafts =
    command.run === 'put'
      ? command.records.map((draft, at) => ({
          record: draftRecord(t, draft, ids[at] as string, `r${steps.length}${'abc'[at]}`),
          leftMs: leftMsOf(draft),
        }))
      : [];
  const answer = ask(t, through, command, ids, drafts);
  if (handles.isClosed(command.handle)) {
    await t.rejects(answer, 'RB_CLOSED', what);
    return;
  }
  const observed = await answer.catch((error: unknown) => {
    if (isResultError(error)) t.fail(`${what}: expected an answer, got ${show(error)}`);
    throw error;
  });
  t.same(readable(observed, taskIds), readable(expect(sequence, command, ids, drafts), taskIds), what);
}

type Answer = readonly PutOutcome[] | readonly GetOutcome[] | number;

interface Drafted {
  readonly record: TaskRecord;
  readonly leftMs: number;
}

/** What the store says. */
async function ask(
  t: ClauseContext,
  through: OpenStore,
  { run }: Call,
  ids: readonly string[],
  drafts: readonly Drafted[],
): Promise<Answer> {
  if (run === 'put') {
    return t.putAll(
      through,
      drafts.map(({ record }) => record),
    );
  }
  if (run === 'delete') return through.store.delete(ids);
  if (t.facts.traits.readers === 'any') return through.store.get(ids);
  const read: GetOutcome[] = [];
  for (const id of ids) read.push(await t.read(through, id));
  return read;
}

/** What the model says. */
function expect({ t, model }: Sequence, { run }: Call, ids: readonly string[], drafts: readonly Drafted[]): Answer {
  if (run === 'delete') return model.delete(ids);
  if (run === 'get') return ids.map(model.get);
  const outcomes = drafts.map(({ record, leftMs }) => model.put(record, leftMs));
  // A producer does not hear what the owner makes of it.
  return t.facts.traits.readers === 'any' ? outcomes : outcomes.map(() => ({ applied: true }));
}

/** Records by what they say, ids as numbers, nothing that is empty. Deadlines are judged by their effect. */
function readable(answer: Answer, taskIds: readonly string[]): unknown {
  if (typeof answer === 'number') return answer;
  const entries = answer.map((outcome) => {
    if (outcome === undefined || !('taskId' in outcome)) return outcome;
    const task = taskIds.includes(outcome.taskId) ? `#${taskIds.indexOf(outcome.taskId) + 1}` : outcome.taskId;
    if ('refused' in outcome) return { task, refused: outcome.refused };
    const { state, result, traceback, doneAt, meta } = outcome;
    return {
      task,
      state,
      result,
      ...(doneAt === null ? {} : { doneAt }),
      ...(traceback === null ? {} : { traceback }),
      ...(Object.keys(meta).length === 0 ? {} : { meta }),
    };
  });
  return entries.length === 1 ? entries[0] : entries;
}
