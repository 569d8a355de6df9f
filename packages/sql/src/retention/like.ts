/** A pattern with `*` and `?` for LIKE ... ESCAPE '!'. */
export const likePattern = (glob: string): string =>
  glob.replace(/[!%_*?]/g, (char) => ({ '*': '%', '?': '_' })[char] ?? `!${char}`);
