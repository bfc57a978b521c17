/**
 * `Content-Range` (RFC 9110 section 14.4): which bytes a 206 holds, or how long the file of a 416 is.
 *
 * @module
 */

/** A parsed `Content-Range`. */
export interface ContentRange {
  /** First and last byte, both included; left out on a 416 (an asterisk stands there). */
  range?: { first: number; last: number };
  /** Length of the whole file, where the server knows it. */
  total?: number;
}

/** `undefined` when the header is missing, malformed, contradicts itself, or counts in another unit than bytes. */
export function parseContentRange(header: string | undefined): ContentRange | undefined {
  const match = /^\s*bytes\s+(?:(\d{1,16})\s*-\s*(\d{1,16})|\*)\s*\/\s*(\d{1,16}|\*)\s*$/i.exec(header ?? '');
  if (match === null) return undefined;
  const [, first, last, length] = match;
  const total = length === '*' ? {} : { total: Number(length) };
  if (first === undefined || last === undefined) return length === '*' ? undefined : total;
  const range = { first: Number(first), last: Number(last) };
  if (range.last < range.first || range.last >= (total.total ?? Number.POSITIVE_INFINITY)) return undefined;
  return { range, ...total };
}
