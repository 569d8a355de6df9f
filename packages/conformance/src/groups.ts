/** A chapter of the contract: its clauses' ids begin with the group's. */
export interface Group {
  readonly id: string;
  readonly title: string;
  readonly about: string;
}

/** In the order of the contract's text. */
export const GROUPS: readonly Group[] = [
  {
    id: 'HAR',
    title: 'The harness',
    about: 'Is the harness sound? Checked first; where one fails, nothing else is judged.',
  },
  { id: 'LIF', title: 'Life cycle', about: 'Making, first use, what a store says of itself, closing.' },
  { id: 'STO', title: 'Storing and reading', about: 'What was put is what is read, through any handle.' },
  { id: 'STA', title: 'States', about: 'SUCCESS is final, anything else is replaced, decided inside the store.' },
  { id: 'MET', title: 'Metadata and layout', about: 'What travels with a result, and its stored form.' },
  { id: 'EXP', title: 'Expiry', about: 'Deadlines are absolute, and an expired record is never returned.' },
  { id: 'WAI', title: 'Waiting', about: 'Notification, and the waits of the backend: no lost wake-up.' },
  { id: 'GRP', title: 'Groups', about: 'Members in order, and exactly one last report.' },
  { id: 'FOR', title: 'Forgetting', about: 'What was deleted is gone, and nothing else is.' },
  { id: 'CON', title: 'Concurrency', about: 'Atomic per record, on one handle and across handles.' },
  { id: 'SER', title: 'Values and limits', about: 'No value is changed by being stored; what cannot be is refused.' },
  { id: 'ERR', title: 'Errors', about: 'One class, a closed set of codes, no secrets.' },
  { id: 'ABO', title: 'Abort and time-outs', about: 'Every call ends when its caller says so.' },
  {
    id: 'REC',
    title: 'Connection loss',
    about: 'Nothing is invented, nothing is lost in silence, and it heals without help.',
  },
  { id: 'LEA', title: 'Resources', about: 'What was opened is given back.' },
  { id: 'ENU', title: 'Enumeration', about: 'Every record once, in pages, holding nothing in between.' },
  { id: 'DUA', title: 'Two stores as one', about: 'Dual writes and migration.' },
  { id: 'MOD', title: 'The model', about: 'Random histories against a reference model.' },
];

/** `STA` of `STA-1`. */
export const groupOf = (id: string): string => id.slice(0, id.indexOf('-'));

/** In the order of the contract; those of others come last. */
export const inOrder = <T extends { readonly id: string }>(clauses: readonly T[]): readonly T[] =>
  clauses.toSorted((a, b) => placeOf(a.id) - placeOf(b.id) || numberOf(a.id) - numberOf(b.id));

const placeOf = (id: string): number => {
  const at = GROUPS.findIndex((group) => group.id === groupOf(id));
  return at < 0 ? GROUPS.length : at;
};
const numberOf = (id: string): number => Number(id.slice(id.indexOf('-') + 1));
