/**
 * File names from outside, made safe for every file system that the file may ever be copied to.
 *
 * @module
 */

/**
 * Longest name in UTF-8 bytes. File systems take 255; the rest is room for ` (9999)` and for the suffixes of the part file and of its
 * control record, which stand beside the file under the same name.
 */
export const MAX_NAME_BYTES = 230;

/** An extension longer than this is not kept when a name is cut: it is no extension. */
const MAX_EXTENSION_BYTES = 32;

/** C0, DEL, C1, lone surrogates, line separators, bidirectional controls, and invisible characters that make two names look alike. */
const INVISIBLE = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]/gu;

/** Reserved on Windows; the colon also names an alternate data stream. Separators never get here. */
const RESERVED = /[<>:"|?*]/g;

/** Device names of Windows, with any extension: `NUL`, `com1.txt`, `LPT³ .x`. */
const DEVICE = /^(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$|clock\$)\s*(?:\.|$)/i;

/**
 * A name that can be used as it is, or `undefined` when nothing usable is left of it (`..`, `   `, only control characters).
 * Takes the last part of a path, normalises to NFC, and keeps the extension when the name must be cut.
 */
export function safeFileName(raw: string): string | undefined {
  let name = (raw.split(/[\\/]/).at(-1) ?? '').normalize('NFC').replace(INVISIBLE, '').replace(RESERVED, '_');
  name = trimEnds(name);
  // A leading dash reads as an option in a shell, a leading dot hides the file.
  if (/^\.+$/.test(name) || name === '') return undefined;
  name = name.replace(/^[-.]+/, '_');
  if (DEVICE.test(name)) name = `_${name}`;
  return cut(name, MAX_NAME_BYTES);
}

/**
 * Why a name that the caller chose cannot be used, or `undefined` when it can. Callers may choose a leading dot or dash; what
 * {@link safeFileName} would have to repair is refused instead, since a file under another name is a surprise.
 */
export function nameFault(name: string): string | undefined {
  if (name === '' || name === '.' || name === '..') return 'is not a file name';
  if (/[\\/]/.test(name)) return 'must be a name without a folder; name the folder in "to"';
  if (name.replace(INVISIBLE, '') !== name) return 'holds control characters or invisible characters';
  if (name.replace(RESERVED, '') !== name) return 'holds one of < > : " | ? *, which other systems reserve';
  if (trimEnds(name) !== name) return 'begins with a space, or ends with a space or a dot';
  if (DEVICE.test(name)) return 'is the name of a device on Windows';
  if (Buffer.byteLength(name.normalize('NFC')) > MAX_NAME_BYTES) return `is longer than ${MAX_NAME_BYTES} bytes`;
  return undefined;
}

/** `report.tar.gz` -> `['report', '.tar.gz']`; a name without an extension -> `[name, '']`. */
export function splitExtension(name: string): [stem: string, extension: string] {
  const match = /^(.+?)((?:\.tar)?\.[^.\s]+)$/.exec(name);
  const [, stem = name, extension = ''] = match ?? [];
  return Buffer.byteLength(extension) > MAX_EXTENSION_BYTES ? [name, ''] : [stem, extension];
}

/** `report.pdf`, 2 -> `report (2).pdf`. */
export function numberedName(name: string, number: number): string {
  const [stem, extension] = splitExtension(name);
  return `${stem} (${number})${extension}`;
}

/** Windows drops trailing dots and spaces, so that `a.` and `a` would be one file. */
function trimEnds(name: string): string {
  return name.replace(/^\s+|[\s.]+$/gu, '');
}

function cut(name: string, limit: number): string {
  if (Buffer.byteLength(name) <= limit) return name;
  const [stem, extension] = splitExtension(name);
  const room = limit - Buffer.byteLength(extension);
  let kept = '';
  let bytes = 0;
  // By code points: half a surrogate pair would not be valid UTF-8.
  for (const point of stem) {
    bytes += Buffer.byteLength(point);
    if (bytes > room) break;
    kept += point;
  }
  return trimEnds(kept) + extension;
}
