/**
 * Validators: the proof that the bytes to come belong to the bytes already here.
 *
 * @module
 */

/** How much younger than the file the response must be for a date to count as strong; see {@link strongValidator}. */
const DATE_MARGIN_MS = 60_000;

/** The value for `If-Range`, or `undefined` when the server gives nothing strong enough. */
export function strongValidator(headers: {
  etag?: string;
  'last-modified'?: string;
  date?: string;
}): string | undefined {
  // RFC 9110 section 13.1.5: a weak entity tag never goes into If-Range. An unquoted one is malformed, and not to be trusted either.
  const etag = headers.etag?.trim();
  if (etag !== undefined && /^"[\x21\x23-\x7e\x80-\xff]*"$/.test(etag)) return etag;
  const modified = headers['last-modified']?.trim() ?? '';
  const changed = parseHttpDate(modified);
  const sent = parseHttpDate(headers.date ?? '');
  // RFC 9110 section 8.8.2.2: a date has a resolution of a second, so it is strong only when the file cannot have changed twice in it:
  // the response was made clearly later, by a margin that clocks which differ a little do not eat up.
  return changed !== undefined && sent !== undefined && sent - changed >= DATE_MARGIN_MS ? modified : undefined;
}

/** Epoch milliseconds of an HTTP date (RFC 9110 section 5.6.7, all three forms); `undefined` when it is none. */
export function parseHttpDate(text: string): number | undefined {
  if (!/^[A-Z][a-z]{2,8},? .*\d{2}:\d{2}:\d{2}/.test(text.trim())) return undefined;
  // The third form, asctime, names no zone: it is UTC too.
  const value = Date.parse(/GMT\s*$/.test(text) ? text : `${text} GMT`);
  return Number.isNaN(value) ? undefined : value;
}
