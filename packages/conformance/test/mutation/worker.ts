// One subject in a process of its own, so that what a bug leaves behind is blamed on nobody else.
import process from 'node:process';
import { findingOf } from './subject.ts';

const finding = await findingOf(process.argv[2] ?? '');
process.send?.(finding, () => process.exit());
