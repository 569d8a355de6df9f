/** Filter of what has not expired; also what has no deadline. */
export const live = (now: number): { readonly rb_expires_at: object } => ({
  rb_expires_at: { $not: { $lte: new Date(now) } },
});

/** Filter of what a put may replace. */
export const replaceable = (now: number): { readonly $or: object[] } => ({
  $or: [{ status: { $ne: 'SUCCESS' } }, { rb_expires_at: { $lte: new Date(now) } }],
});
