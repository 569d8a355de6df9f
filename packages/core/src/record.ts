import type { TaskRecord } from './contract.js';
import type { Serializer } from './serializer.js';
export const encodeRecord = (record: TaskRecord, s: Serializer): string | Uint8Array => s.encode(record);
export const decodeRecord = (
  taskId: string,
  d: string | Uint8Array,
  s: Serializer,
  expiresAt: number | null,
): TaskRecord => ({ ...(s.decode(d) as TaskRecord), taskId, expiresAt });
