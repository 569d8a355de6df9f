import { describe, expect, it } from 'vitest';
import { mongoStore } from '../src/index.js';
import { parseMongoUrl } from '../src/url.js';

describe('a URL', () => {
  it.for([
    ['mongodb://', 'mongodb://localhost/', undefined, 'localhost'],
    ['mongodb://h', 'mongodb://h/', undefined, 'h'],
    ['MONGODB://h:1/', 'mongodb://h:1/', undefined, 'h:1'],
    [
      'mongodb://u:p@a:1,b:2/my%20db?replicaSet=rs0',
      'mongodb://u:p@a:1,b:2/my%20db?replicaSet=rs0',
      'my db',
      'a:1,b:2',
    ],
    ['mongodb://u:p%40@h/d', 'mongodb://u:p%40@h/d', 'd', 'h'],
    [
      'mongodb+srv://u:p@cluster.example.net/results',
      'mongodb+srv://u:p@cluster.example.net/results',
      'results',
      'cluster.example.net',
    ],
    ['mongodb://h?w=majority', 'mongodb://h/?w=majority', undefined, 'h'],
  ] as const)('%s says where, and which database', ([given, url, database, server]) => {
    expect(parseMongoUrl(given)).toEqual({ url, database, server });
  });

  it.for(['', 'redis://h', 'mongodb:/h', 'mongodb://u:secret@h/%zz'])('%s is refused without being shown', (url) => {
    const parse = () => parseMongoUrl(url);
    expect(parse).toThrow(TypeError);
    expect(parse).not.toThrow(/secret/);
  });
});

describe('options', () => {
  it('that the driver refuses are refused at once, without the URL', () => {
    const make = () => mongoStore({ url: 'mongodb://u:secret@h/?nonsense=1' });
    expect(make).toThrow(TypeError);
    expect(make).toThrow(/nonsense/);
    expect(make).not.toThrow(/secret/);
  });

  it('are a URL or a client, not both', () => {
    const client = { db: () => ({ collection: () => ({}), command: async () => ({}) }) };
    expect(() => mongoStore({ url: 'mongodb://h', client })).toThrow(/url or client/);
  });
});
