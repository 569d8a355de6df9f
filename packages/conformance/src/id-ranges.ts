import { groupOf, inOrder } from './groups.js';

/** `REC-1…5 REC-8` of REC-1 to REC-5 and REC-8. */
export function idRanges(ids: readonly string[]): string {
  const ranges: { group: string; from: number; to: number }[] = [];
  for (const { id } of inOrder(ids.map((each) => ({ id: each })))) {
    const group = groupOf(id);
    const number = Number(id.slice(group.length + 1));
    const last = ranges.at(-1);
    if (last?.group === group && last.to === number - 1) last.to = number;
    else ranges.push({ group, from: number, to: number });
  }
  return ranges.map(({ group, from, to }) => `${group}-${from}${from === to ? '' : `…${to}`}`).join(' ');
}
