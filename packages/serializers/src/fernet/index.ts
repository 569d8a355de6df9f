export { type FernetOptions, fernet } from './serializer.js';
