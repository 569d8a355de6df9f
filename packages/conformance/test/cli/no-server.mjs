export const harness = {
  name: 'acme',
  async world() {
    throw new Error('connection refused');
  },
};
