/** The same document in three sizes, as JSON. */
export const SIZES = { '100 B': 1, '10 kB': 100, '1 MB': 10_000 };

export const document = (items: number): unknown => ({
  status: 'done',
  items: Array.from({ length: items }, (_, id) => ({
    id,
    name: `item ${id}`,
    price: id * 1.25,
    tags: ['new', 'sale'],
    note: null,
  })),
});
