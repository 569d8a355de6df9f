const MASK = '**';

/** A host list, a port, a path: what may follow the credentials and is safe to show. */
const PLACE = /^[\w.,:[\]%-]*(?:\/[\w./%~+-]*)?$/;

/**
 * A connection URL that may be shown: passwords and all query values are `**`, in every host of a list joined by `;`.
 * Fails closed: of what is not plainly understood only the scheme remains, and nothing of what has no scheme.
 */
export const redactUrl = (url: string): string => url.split(';').map(redactOne).join(';');

/** Free text, such as a driver's message, with every URL in it redacted. */
export const redactText = (text: string): string =>
  text.replace(/[a-z][a-z0-9+.-]*:\/\/[^\s"'<>]+/gi, (url) => redactUrl(url));

function redactOne(url: string): string {
  const parts = /^([a-z][a-z0-9+.-]*):\/\/(.*)$/is.exec(url);
  if (parts === null) return MASK;
  const [, scheme, rest = ''] = parts;
  // The last @: a password with an unescaped @, / or ? is hidden too, at worst together with the host.
  const at = rest.lastIndexOf('@');
  const [place = '', query] = splitOnce(rest.slice(at + 1), '?');
  if (!PLACE.test(place)) return `${scheme}://${MASK}`;
  return `${scheme}://${at < 0 ? '' : `${credentials(rest.slice(0, at))}@`}${place}${query === undefined ? '' : maskQuery(query)}`;
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
      const [key = ''] = splitOnce(pair, '=');
      return /^\w+$/.test(key) ? `${key}=${MASK}` : MASK;
    })
    .join('&')}`;

function splitOnce(text: string, separator: string): [string, string?] {
  const at = text.indexOf(separator);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}
