import { retentionContract } from './contract.js';
import { sqliteWorld } from './world.js';

retentionContract('SQLite', sqliteWorld);
