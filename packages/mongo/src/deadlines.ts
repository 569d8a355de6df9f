import { ResultError } from '@rb/core';

/** As `rb_expires_at` has it. Errors: RB_ENCODE beyond what a date can say, 275,000 years from now. */
export function dateOf(expiresAt: number): Date {
  const date = new Date(Math.ceil(expiresAt));
  if (Number.isNaN(date.getTime())) throw new ResultError('RB_ENCODE', 'its deadline is beyond any date');
  return date;
}

/** Of a document, in Unix milliseconds; null = never. */
export const deadlineOf = ({ rb_expires_at: expiry }: { readonly rb_expires_at?: unknown }): number | null =>
  expiry instanceof Date ? expiry.getTime() : null;

/** Filter of what has not expired; also what has no deadline. */
export const live = (now: number): { readonly rb_expires_at: object } => ({
  rb_expires_at: { $not: { $lte: new Date(now) } },
});

/** Filter of what a put may replace. */
export const replaceable = (now: number): { readonly $or: object[] } => ({
  $or: [{ status: { $ne: 'SUCCESS' } }, { rb_expires_at: { $lte: new Date(now) } }],
});
