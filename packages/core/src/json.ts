// temporary until branch json
import type { Serializer } from './serializer.js';
export const json: Serializer = {
  name: 'json',
  contentType: 'application/json',
  contentEncoding: 'utf-8',
  encode: (v) => JSON.stringify(v),
  decode: (d) => JSON.parse(d as string),
};
