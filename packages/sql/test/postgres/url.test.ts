import { rootCertificates } from 'node:tls';
import { writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { postgresStore } from '../../src/postgres/index.js';
import { tlsOf } from '../../src/postgres/tls.js';
import { targetOf } from '../../src/postgres/url.js';
import { temporaryFile } from '../support.js';
