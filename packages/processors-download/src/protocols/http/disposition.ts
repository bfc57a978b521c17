/**
 * The file name in a `Content-Disposition` header (RFC 6266, with RFC 8187 for `filename*`).
 *
 * Servers send what the grammar forbids: raw UTF-8, unquoted spaces, missing quotes, percent signs that mean nothing, semicolons inside
 * a bare name. A parser that follows the grammar refuses those headers and loses the name; this one takes what browsers take.
 *
 * @module
 */
import { decodeUtf8, percentDecode } from '../../percent';

/** The name as the server meant it, not yet safe to use as a file name; `undefined` when there is none. */
export function dispositionName(header: string): string | undefined {
  const parameters = parseParameters(header);
  // RFC 6266 section 4.3: filename* wins over filename.
  const extended = parameters.get('filename*');
  const name = extended === undefined ? undefined : decodeExtended(extended);
  if (name !== undefined && name !== '') return name;
  const plain = parameters.get('filename');
  return plain === undefined || plain === '' ? undefined : decodePlain(plain);
}

/** The first value of each parameter. The disposition type (`attachment`) is not looked at: any response is saved here. */
function parseParameters(header: string): Map<string, string> {
  const found = new Map<string, string>();
  const pattern = /(?:^|;)\s*([\w!#$&+^`|~.-]+\*?)\s*=\s*(?:"((?:[^"\\]|\\.)*)"?|([^;]*))/gs;
  for (const [, key = '', quoted, bare] of header.matchAll(pattern)) {
    const name = key.toLowerCase();
    if (!found.has(name)) found.set(name, quoted === undefined ? (bare ?? '').trim() : unquote(quoted));
  }
  return found;
}

/** Takes quoted pairs apart. A backslash before anything but a quote or a backslash is a Windows path: it stays. */
function unquote(text: string): string {
  return text.replace(/\\(["\\])/g, '$1');
}

/** RFC 8187: `charset'language'percent-encoded`. */
function decodeExtended(value: string): string | undefined {
  const match = /^([\w!#$%&+^`{}~-]+)'[^']*'(.*)$/s.exec(value);
  if (match === null) return undefined;
  const [, charset = '', encoded = ''] = match;
  const bytes = percentDecode(encoded);
  if (bytes === undefined) return undefined;
  if (/^utf-?8$/i.test(charset)) return decodeUtf8(bytes);
  return /^(?:iso-8859-1|latin1|us-ascii)$/i.test(charset) ? bytes.toString('latin1') : undefined;
}

/** Headers arrive as Latin-1; many servers send UTF-8 bytes in them, and some percent-encode. */
function decodePlain(value: string): string {
  const bytes = Buffer.from(value, 'latin1');
  const isLatin1 = bytes.toString('latin1') === value;
  const text = (isLatin1 ? decodeUtf8(bytes) : undefined) ?? value;
  const decoded = /%[0-9a-f]{2}/i.test(text) ? percentDecode(text) : undefined;
  return (decoded && decodeUtf8(decoded)) ?? text;
}
