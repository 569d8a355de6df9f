export type { ApplyOptions, Archive, RetentionResult } from './apply.js';
export type { ByTier, Due, RetentionPlan } from './plan.js';
export type { Keep, RetentionPolicy, RetentionTier } from './policy.js';
export type { ArchiveSource, RestoreFailure, RestoreOptions, RestoreResult } from './restore.js';
export type { Retention } from './retention.js';
