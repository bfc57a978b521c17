import { decodeUtf8, percentDecode } from './percent';

/** Names for a file that its URL suggests: the last part of the path, decoded. Not yet safe to use as a file name. */
export function urlNames(url: URL): string[] {
  const last = url.pathname.split('/').at(-1) ?? '';
  const bytes = percentDecode(last);
  const name = bytes === undefined ? last : (decodeUtf8(bytes) ?? bytes.toString('latin1'));
  return name === '' ? [] : [name];
}
