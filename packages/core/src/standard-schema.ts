import { ResultError } from './errors.js';
import { describe } from './expect.js';

/** The Standard Schema interface (standardschema.dev, version 1): zod, valibot, arktype and others implement it. */
export interface StandardSchema<Output = unknown> {
  readonly '~standard': {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => SchemaResult<Output> | Promise<SchemaResult<Output>>;
    readonly types?: { readonly input: unknown; readonly output: Output } | undefined;
  };
}

type SchemaResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly SchemaIssue[] };

interface SchemaIssue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/** Errors: TypeError where it is no Standard Schema. Some are functions (arktype), not plain objects. */
export function expectSchema(schema: unknown): void {
  const standard = (schema as Partial<StandardSchema> | null | undefined)?.['~standard'];
  if (schema !== undefined && typeof standard?.validate !== 'function') {
    throw new TypeError(`expected a Standard Schema (zod, valibot, arktype ...) as schema, got ${describe(schema)}`);
  }
}

/**
 * The value as the schema returns it.
 *
 * Errors: RB_DECODE where it does not match. The message names the paths alone, because a schema's own words may quote
 * the value; they are the `cause`.
 */
export async function validate<Output>(
  schema: StandardSchema<Output>,
  value: unknown,
  taskId: string,
): Promise<Output> {
  const outcome = await schema['~standard'].validate(value);
  if (outcome.issues === undefined) return outcome.value;
  const paths = outcome.issues.map(
    ({ path = [] }) =>
      path.map((part) => String(typeof part === 'object' ? part.key : part)).join('.') || 'the value itself',
  );
  throw new ResultError(
    'RB_DECODE',
    `the result of task ${taskId} does not match its schema at ${paths.join(', ')}; see the cause`,
    { taskId, cause: outcome.issues },
  );
}
