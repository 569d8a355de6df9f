import type { Harness } from '../harness.js';
import { sabotaged } from './sabotaged.js';
import { SABOTEURS } from './saboteurs.js';

/** For second processes, whose store is to have the same bug: imported with the saboteur's name in the query. */
const { searchParams } = new URL(import.meta.url);
const saboteur = SABOTEURS.find(({ name }) => name === searchParams.get('saboteur'));
if (saboteur === undefined) throw new Error(`there is no saboteur ${searchParams.get('saboteur')}`);
const honest: { readonly harness: Harness } = await import(String(searchParams.get('module')));

export const harness: Harness = sabotaged(honest.harness, saboteur);
