export { abortable, throwIfAborted } from './abort.js';
export { type Accept, accepting, innermost } from './accept.js';
export { createResultBackend, type ResultBackend, type ResultOptions } from './backend.js';
export type { CleanupOptions } from './backend-cleanup.js';
export type { ResultBackendOptions } from './backend-options.js';
export type { BackendRecord } from './backend-record.js';
export type { BackendScanOptions } from './backend-scan.js';
export type { StoreOptions, StoreOutcome } from './backend-store.js';
export { type Backoff, backoff } from './backoff.js';
export { chunksOf } from './chunks.js';
export { type ConnectOptions, connect, openStore, registerScheme, type StoreOpener } from './connect.js';
export * from './contract.js';
export * from './datetime.js';
export { type Duration, type Expiry, type ExpiryRule, toMs } from './durations.js';
export {
  isResultError,
  isTaskFailedError,
  ResultError,
  type ResultErrorCode,
  type ResultErrorOptions,
  TaskFailedError,
} from './errors.js';
export { prepareResult, restoreResult } from './exceptions.js';
export type { ResultGroup, SaveGroupOptions } from './group.js';
export type { GroupMembers } from './group-members.js';
export { formatIso, fractionalMs, parseIsoDateTime, splitMs } from './iso.js';
export { type JsonOptions, json, jsonSerializer } from './json.js';
export { codec, type JsonCodec } from './json-codec.js';
export { type MemoryStoreOptions, memoryStore } from './memory.js';
export { decodeRecord, encodeRecord, fromDocument, toDocument } from './record.js';
export { redactText, redactUrl } from './redact.js';
export { RemoteError } from './remote-error.js';
export { ResultNode, type ResultTuple } from './result-node.js';
export type { RetryEvent, RetryOptions } from './retry.js';
export { roundsOf } from './rounds.js';
export { type Filterable, matchesFilter } from './scan-filter.js';
export type { Serializer, SerializerContext } from './serializer.js';
export { roughBytes } from './size.js';
export type { StandardSchema } from './standard-schema.js';
export { isExceptionState, isFinal, isReady, type TaskState } from './states.js';
export { type StoreCall, type TraceHooks, tracedStore } from './traced.js';
export * from './values.js';
export type { WaitOptions } from './waiting.js';
