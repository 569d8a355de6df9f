/** Another process, to be killed: applies a policy in small batches. */
const { entry, options, policy, archive, now } = JSON.parse(process.argv[2]);
const module = await import(`../../dist/${entry}.js`);
const retention = module[`${entry}Retention`]({ ...options, now: () => now });
await retention.apply(policy, { archive, batchSize: 20, pauseMs: 1 });
