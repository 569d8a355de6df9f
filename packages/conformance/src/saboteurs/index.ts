export { sabotaged } from './sabotaged.js';
export type { Saboteur, Scene } from './saboteur.js';
export { SABOTEURS } from './saboteurs.js';
