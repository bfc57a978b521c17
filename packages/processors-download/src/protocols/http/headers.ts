/**
 * The headers of a request.
 *
 * @module
 */

/** Set by the downloader itself; a caller's value would break ranges, lengths or the framing of the connection. */
const RESERVED = new Set([
  'accept-encoding',
  'connection',
  'content-length',
  'expect',
  'host',
  'if-match',
  'if-modified-since',
  'if-none-match',
  'if-range',
  'if-unmodified-since',
  'keep-alive',
  'proxy-connection',
  'range',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** Harmless anywhere. Everything else that a caller gives may be a secret (`X-Api-Key`, `Private-Token` …) and stays with its origin. */
const PUBLIC = new Set(['accept', 'accept-language', 'cache-control', 'dnt', 'pragma', 'user-agent']);

/** Why a caller's header cannot be sent, or `undefined` when it can. The fault never quotes the value. */
export function headerFault(name: string, value: string): string | undefined {
  // RFC 9110 section 5.6.2 and 5.5. CR, LF and NUL in a value would start a header, or a request, of the attacker's choice.
  if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name)) return 'is not a header name';
  if (/[^\t\x20-\x7e\x80-\xff]/.test(value)) return 'has a value with characters that a header cannot hold';
  return RESERVED.has(name.toLowerCase()) ? 'is set by the downloader itself' : undefined;
}

/** The caller's headers, by lower-case name, with the credentials of the URL as `Authorization` unless the caller gave one. */
export function callerHeaders(given: Record<string, string>, url: URL): Map<string, string> {
  const headers = new Map(Object.entries(given).map(([name, value]) => [name.toLowerCase(), value]));
  if (!headers.has('authorization') && (url.username !== '' || url.password !== '')) {
    const credentials = `${decode(url.username)}:${decode(url.password)}`;
    headers.set('authorization', `Basic ${Buffer.from(credentials, 'utf8').toString('base64')}`);
  }
  return headers;
}

/** What may be sent on after a redirect to another origin (scheme, host or port). */
export function publicHeaders(headers: Map<string, string>): Map<string, string> {
  return new Map([...headers].filter(([name]) => PUBLIC.has(name)));
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
