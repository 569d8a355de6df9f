import { kindOf, type PlainDate, type PythonSet } from '@rb/core';
import { isoText } from '../iso-text.js';
import type { TreeLimits } from '../tree-limits.js';
import { isDate, TreeWriter } from '../tree-writer.js';
import { BOOL, NULL } from './implicit.js';
import { floatText, MAX_DIGITS, quote } from './scalars.js';

/** What stands before a value on its line. */
type Place = 'nothing' | 'dash' | 'key';

/**
 * Block YAML that PyYAML's safe_load reads as the same value. Text is plain where it is words, quoted otherwise: so there is no
 * question of what PyYAML, or another YAML, takes it for.
 */
export class YamlWriter extends TreeWriter {
  #text = '';
  #indent = 0;
  #place: Place = 'nothing';

  constructor(limits: TreeLimits) {
    super('yaml', limits);
  }

  write(value: unknown): string {
    this.root(value);
    const { maxBytes } = this.limits;
    // A unit takes three bytes at most, so that most texts are never measured.
    if (this.#text.length * 3 > maxBytes && Buffer.byteLength(this.#text) > maxBytes)
      this.tooMuch('it is too long', 'maxBytes');
    return this.#text;
  }

  #scalar(text: string): void {
    this.#text += `${this.#place === 'key' ? ' ' : ''}${text}\n`;
    if (this.#text.length > this.limits.maxBytes) this.tooMuch('it is too long', 'maxBytes');
  }

  protected null(): void {
    this.#scalar('null');
  }

  protected boolean(value: boolean): void {
    this.#scalar(String(value));
  }

  protected integer(value: number | bigint): void {
    this.#scalar(this.#digits(value));
  }

  #digits(value: number | bigint): string {
    const text = String(value);
    return text.length > MAX_DIGITS ? this.fail(`an integer of more than ${MAX_DIGITS} digits`) : text;
  }

  protected float(value: number): void {
    this.#scalar(floatText(value));
  }

  protected text(value: string): void {
    this.#scalar(textOf(value));
  }

  protected bytes(value: Uint8Array): void {
    this.#scalar(`!!binary "${Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64')}"`);
  }

  protected list(length: number, items: (before: () => void) => void): void {
    if (length === 0) this.#scalar('[]');
    else
      this.#block((line) =>
        items(() => {
          line('- ');
          this.#place = 'dash';
        }),
      );
  }

  protected map(length: number, members: (before: (key: unknown) => void) => void): void {
    if (length === 0) this.#scalar('{}');
    else this.#block((line) => members((key) => this.#key(line, this.#keyText(key))));
  }

  #key(line: (start: string) => void, key: string): void {
    if (key.length <= MAX_KEY) line(`${key}:`);
    else {
      line(`? ${key}\n`);
      line(':');
    }
    this.#place = 'key';
  }

  protected isKey(key: unknown): boolean {
    return typeof key !== 'object' || key === null || kindOf(key) === 'float' || kindOf(key) === 'date' || isDate(key);
  }

  #keyText(key: unknown): string {
    switch (typeof key) {
      case 'string':
        return textOf(key);
      case 'number':
        return Number.isSafeInteger(key) && !Object.is(key, -0) ? String(key) : floatText(key);
      case 'bigint':
        return this.#digits(key);
      case 'boolean':
        return String(key);
      case 'object':
        if (key === null) return 'null';
        if (kindOf(key) === 'float') return floatText(Number(key));
        return this.#typedText(key) ?? this.fail('a key that Python has no hash of');
      default:
        return this.fail(`${typeof key} as a key`);
    }
  }

  protected typed(value: object): boolean {
    const isSet = kindOf(value) === 'set' && !(value as PythonSet).frozen;
    if (isSet || value instanceof Set) this.#set([...(value as Iterable<unknown>)]);
    else {
      const text = this.#typedText(value);
      if (text === undefined) return false;
      this.#scalar(text);
    }
    return true;
  }

  #typedText(value: object): string | undefined {
    if (kindOf(value) === 'date') return (value as PlainDate).iso;
    if (!isDate(value)) return undefined;
    try {
      return isoText(value).replace('T', ' ');
    } catch {
      return this.fail('a date outside of the years 1 to 9999, or with seconds in its offset');
    }
  }

  #set(items: readonly unknown[]): void {
    const other = items.find((item) => !this.isKey(item));
    if (other !== undefined) this.fail('a set of what Python has no hash of, or YAML no key');
    this.#scalar(items.length === 0 ? '!!set {}' : '!!set');
    if (items.length === 0) return;
    this.#place = this.#place === 'nothing' ? 'nothing' : 'dash';
    const inner = this.#place === 'nothing' ? 0 : this.#indent + 2;
    for (const item of items) this.#text += `${' '.repeat(inner)}? ${this.#keyText(item)}\n`;
  }

  /** The lines of a container. After a dash the first one goes on in the same line. */
  #block(write: (line: (start: string) => void) => void): void {
    const outer = this.#indent;
    let isOnLine = this.#place === 'dash';
    if (this.#place === 'key') this.#text += '\n';
    const inner = this.#place === 'nothing' ? 0 : outer + 2;
    write((start) => {
      this.#text += isOnLine ? start : ' '.repeat(inner) + start;
      isOnLine = false;
      this.#indent = inner;
    });
    this.#indent = outer;
  }
}

/** YAML reads no longer key without a question mark before it. */
const MAX_KEY = 1_000;

/** Words are what no YAML takes for anything but text, except these few. */
const textOf = (text: string): string =>
  text.length < 200 && WORDS.test(text) && !BOOL.test(text) && !NULL.test(text) && !/^[yn]$/i.test(text)
    ? text
    : quote(text);

const WORDS = /^[A-Za-z_][\w/.+-]*(?: [\w(][\w/.+()-]*)*$/;
