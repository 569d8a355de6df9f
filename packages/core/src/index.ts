export * from './contract.js';
export * from './datetime.js';
export {
  isResultError,
  isTaskFailedError,
  ResultError,
  type ResultErrorCode,
  type ResultErrorOptions,
  TaskFailedError,
} from './errors.js';
export { RemoteError } from './remote-error.js';
export { ResultNode, type ResultTuple } from './result-node.js';
export type { Serializer } from './serializer.js';
export { isExceptionState, isFinal, isReady, type TaskState } from './states.js';
export * from './values.js';
