import type { Serializer } from '@rb/core';
import { resolveTreeLimits, type TreeOptions } from '../tree-limits.js';
import { yamlReader } from './reader.js';
import { YamlWriter } from './writer.js';

/**
 * kombu's yaml, that is PyYAML's safe_dump and safe_load: YAML 1.1 as Python has it, with dates, bytes and sets. Reading
 * needs js-yaml.
 *
 * Errors: RB_ENCODE for what kombu refuses too: times, decimals, UUIDs, timedeltas, frozensets. RB_DECODE for anything that
 *         safe_load does not read, tags of Python's classes among it. RB_UNSUPPORTED where js-yaml is not installed.
 *         TypeError where a limit is out of its range.
 * Source: kombu/serialization.py `register_yaml`; PyYAML 6 resolver.py, constructor.py.
 */
export function yamlSerializer(options: TreeOptions = {}): Serializer {
  const limits = resolveTreeLimits(options);
  return {
    name: 'yaml',
    contentType: 'application/x-yaml',
    contentEncoding: 'utf-8',
    recognizes,
    encode: (value) => new YamlWriter(limits).write(value),
    decode: yamlReader(limits),
  };
}

/** ASCII, as everything begins that PyYAML writes and nothing of more than a byte in MessagePack or a pickle of our days. */
const recognizes = ([first = '']: string | Uint8Array): boolean =>
  typeof first === 'string' ? first !== '' : first >= 0x20 && first < 0x7f;

/** `yamlSerializer()` with the default options. */
export const yaml: Serializer = yamlSerializer();
