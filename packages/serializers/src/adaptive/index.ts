export { adaptive, type Choice } from './serializer.js';
