import { ResultError } from './errors.js';

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

/** Errors: RB_DECODE where the value does not match; the message names paths and the schema's own words, not the value. */
export async function validate<Output>(
  schema: StandardSchema<Output>,
  value: unknown,
  taskId: string,
): Promise<Output> {
  const outcome = await schema['~standard'].validate(value);
  if (outcome.issues === undefined) return outcome.value;
  const text = outcome.issues.map(({ path = [], message }) => {
    const keys = path.map((part) => String(typeof part === 'object' ? part.key : part));
    return `${keys.join('.') || 'the value'}: ${message}`;
  });
  throw new ResultError('RB_DECODE', `the result of task ${taskId} does not match its schema: ${text.join('; ')}`, {
    taskId,
  });
}
