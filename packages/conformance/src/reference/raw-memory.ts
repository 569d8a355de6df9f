import { jsonSerializer, type ResultStore } from '@rb/core';
import type { RawAccess } from '../harness.js';
import { CELERY_DOCUMENTS, DEEP_DOCUMENTS, FOREIGN_DOCUMENTS } from './celery-documents.js';

/** A clock for memory stores, and access beneath those that use it. */
export interface RawMemory {
  now(): number;
  /** By the verbatim form, which is what the memory store keeps. */
  raw(store: ResultStore): RawAccess;
}

export function rawMemory(clock: { now(): number }): RawMemory {
  let isLookingBeneath = false;
  /** While nothing has expired: the memory store looks at its clock before it first waits. */
  const beneath = <T>(look: () => T): T => {
    isLookingBeneath = true;
    try {
      return look();
    } finally {
      isLookingBeneath = false;
    }
  };
  return {
    now: () => (isLookingBeneath ? Number.NEGATIVE_INFINITY : clock.now()),
    raw: (store) => ({
      async read(taskId) {
        const [outcome] = await beneath(() => store.get([taskId], { verbatim: true }));
        return outcome && 'state' in outcome ? outcome.verbatim?.data : outcome;
      },
      async write(taskId, data) {
        await store.delete([taskId]);
        const verbatim = { layout: 'memory/json', data };
        // The state is all that the store looks at beside the stored form, and a raw form may say anything.
        await store.put([
          {
            taskId,
            state: 'PENDING',
            result: null,
            traceback: null,
            doneAt: null,
            meta: {},
            expiresAt: null,
            verbatim,
          },
        ]);
      },
      garbage: '{"status": "SUCCESS", "result": ',
      vectors: CELERY_DOCUMENTS,
      canonical: (stored) => exactJson.decode(stored as string),
      foreign: FOREIGN_DOCUMENTS,
      bombs: DEEP_DOCUMENTS,
    }),
  };
}

/** Python puts spaces where JavaScript puts none, and escapes what it need not. */
const exactJson = jsonSerializer({ exactFloats: true });
