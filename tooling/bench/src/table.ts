import { stripVTControlCharacters } from 'node:util';

export interface Column {
  readonly title: string;
  /** @default 'left' */
  readonly align?: 'left' | 'right';
}

const width = (cell: string): number => stripVTControlCharacters(cell).length;

/** Lines of a table in plain text, aligned, the last column as long as it needs to be. */
export function table(columns: readonly Column[], rows: readonly (readonly string[])[]): readonly string[] {
  const titles = columns.map((column) => column.title);
  const widths = columns.map((_, index) => Math.max(...[titles, ...rows].map((row) => width(row[index] ?? ''))));
  const rule = widths.map((length) => '-'.repeat(length));
  return [titles, rule, ...rows].map((row) =>
    row
      .map((cell, index) => {
        const padding = ' '.repeat((widths[index] ?? 0) - width(cell));
        return columns[index]?.align === 'right' ? padding + cell : cell + padding;
      })
      .join('  ')
      .trimEnd(),
  );
}
