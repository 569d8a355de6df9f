#!/usr/bin/env node
import process from 'node:process';
import { main } from './cli/main.js';

process.exitCode = await main(process.argv.slice(2));
// What a store left open (a clause says which) must not keep the command from ending.
setTimeout(() => process.exit(), 1_000).unref();
