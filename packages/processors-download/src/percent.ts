/**
 * Text that came percent-encoded.
 *
 * @module
 */

/** `undefined` where a percent sign is not followed by two hexadecimal digits. */
export function percentDecode(text: string): Buffer | undefined {
  if (/%(?![0-9a-f]{2})/i.test(text)) return undefined;
  const parts = text.split(/%([0-9a-f]{2})/i);
  return Buffer.concat(parts.map((part, i) => (i % 2 === 0 ? Buffer.from(part, 'utf8') : Buffer.from(part, 'hex'))));
}

/** `undefined` where the bytes are not UTF-8. */
export function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
