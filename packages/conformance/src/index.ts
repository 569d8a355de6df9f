export { type Badge, badge } from './badge.js';
export type { Budget, Profile } from './budget.js';
export type { Clause, ClauseResult, Level, Need, Status } from './clause.js';
export { CLAUSES } from './clauses/clauses.js';
export { type BindingOptions, type ClauseRun, type ClauseTest, ConformanceFailure, clauses } from './clauses-of.js';
export type { ClauseContext, OpenStore } from './context.js';
export { type DefineSuiteOptions, defineSuite, type Runner } from './define-suite.js';
export type { BackfillOptions, Difference, Divergence, Dual, DualOptions, VerifyOptions } from './dual.js';
export { type DualHarnessOptions, dualHarness } from './dual-harness.js';
export type { Evidence } from './evidence.js';
export type { Facts } from './facts.js';
export { formatFailure } from './format.js';
export { formatSummary } from './format-summary.js';
export { guarantees } from './guarantees.js';
export type {
  About,
  Clock,
  Handle,
  Harness,
  Link,
  OpenVariant,
  RawAccess,
  Sides,
  StoredForm,
  Vector,
  World,
} from './harness.js';
export { markdown } from './markdown.js';
export type { Random } from './random.js';
export { checkReadme } from './readme.js';
export type { Report } from './report.js';
export { type RunListener, type RunOptions, runConformance } from './run.js';
export { createSuite, type Suite, type SuiteOptions } from './suite.js';
export type { Watching } from './watching.js';
