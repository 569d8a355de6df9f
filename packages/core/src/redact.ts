const MASK = '**';

const HOST = '(?:[\\w.-]+|\\[[\\w:.%]+\\])?(?::\\d{1,5})?';

/** A list of hosts and ports, then a path: what may follow the credentials and is safe to show. */
const PLACE = new RegExp(`^${HOST}(?:,${HOST})*(?:/[\\w./%~+-]*)?$`);

const SCHEME = '[a-z][a-z0-9+.-]*://';
const WHOLE_URL = new RegExp(`^(${SCHEME})(.*)$`, 'is');
/** A scheme and what may stand before it: not from within, so that each character is looked at once. */
const SCHEME_RUN = /(?<![a-z0-9+.-])[a-z0-9+.-]+:\/\//gi;
const NEXT_IN_LIST = new RegExp(`;(?=${SCHEME})`, 'i');

/**
 * A connection URL that may be shown: passwords and all query values are `**`, in every host of a list joined by `;`.
 * Fails closed: of what is not plainly understood only the scheme remains, and nothing of what has no scheme.
 */
export function redactUrl(url: string): string {
  const list = url.split(NEXT_IN_LIST);
  // A `;` may also be part of a password: it is a list only where each entry is plain by itself.
  return list.length > 1 && list.every(isPlain) ? list.map(redactOne).join(';') : redactOne(url);
}

/**
 * Free text, such as a driver's message, with every URL in it redacted.
 * A password may hold anything, spaces, quotes and URLs too: whatever stands between a URL's start and the last @ that
 * may belong to it is hidden, at worst together with other words.
 */
export function redactText(text: string): string {
  const starts = startsOf(text);
  const pieces: string[] = [];
  for (const [i, start] of starts.entries()) {
    const piece = text.slice(start, starts[i + 1]);
    const before = pieces.at(-1);
    if (before !== undefined && isCut(before)) pieces.push(pieces.pop() + piece);
    else pieces.push(piece);
  }
  return text.slice(0, starts[0]) + pieces.map(redactPiece).join('');
}

/** Where URLs begin: a scheme begins with a letter. */
const startsOf = (text: string): readonly number[] =>
  [...text.matchAll(SCHEME_RUN)].flatMap(({ 0: run, index }) => {
    const at = run.search(/[a-z]/i);
    return at < 0 ? [] : index + at;
  });

/** Whether what follows, though it looks like a URL of its own, may belong to the credentials of this one. */
const isCut = (piece: string): boolean =>
  !piece.includes('@') && !(/[\s"'<>()[\]=,;]$/.test(piece) && isPlain(firstWord(piece)));

function redactPiece(piece: string): string {
  const at = piece.lastIndexOf('@') + 1;
  const end = at + firstWord(piece.slice(at)).length;
  return redactUrl(piece.slice(0, end)) + piece.slice(end);
}

/** Without what ends a sentence, a list's entry or a bracket. */
function firstWord(text: string): string {
  const word = /^[^\s"'<>]*/.exec(text)?.[0] ?? '';
  let end = word.length;
  while (end > 0 && ').,;:!'.includes(word[end - 1] as string)) end -= 1;
  return word.slice(0, end);
}

const isPlain = (url: string): boolean => {
  const rest = WHOLE_URL.exec(url)?.[2];
  const [place = ''] = splitOnce(rest?.slice(rest.indexOf('@') + 1) ?? '', '?');
  return rest !== undefined && PLACE.test(place);
};

function redactOne(url: string): string {
  const parts = WHOLE_URL.exec(url);
  if (parts === null) return MASK;
  const [, scheme = '', rest = ''] = parts;
  // The last @: a password with an unescaped @ or / is hidden too, at worst together with the host.
  const at = rest.lastIndexOf('@');
  const userInfo = rest.slice(0, Math.max(at, 0));
  const [place = '', query] = splitOnce(rest.slice(at + 1), '?');
  // A question mark before the @: of the password or of the query, and then what follows is a value.
  if (!PLACE.test(place) || userInfo.includes('?')) return `${scheme}${MASK}`;
  return `${scheme}${at < 0 ? '' : `${credentials(userInfo)}@`}${place}${query === undefined ? '' : maskQuery(query)}`;
}

function credentials(userInfo: string): string {
  const [user = '', password] = splitOnce(userInfo, ':');
  // Without a colon it may be a token in the user's place.
  return password === undefined || !/^[\w.%+-]*$/.test(user) ? MASK : `${user}:${MASK}`;
}

const maskQuery = (query: string): string =>
  `?${query
    .split('&')
    .map((pair) => {
      const [key = '', value] = splitOnce(pair, '=');
      return value !== undefined && /^\w+$/.test(key) ? `${key}=${MASK}` : MASK;
    })
    .join('&')}`;

function splitOnce(text: string, separator: string): [string, string?] {
  const at = text.indexOf(separator);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}
