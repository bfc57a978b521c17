import mime from 'mime/lite';
import { safeFileName, splitExtension } from './name';

/** Used when neither the server nor the URL has a usable name. */
const FALLBACK = 'download';

/**
 * A safe file name from what is known: the first usable of the names, with an extension for its media type when it has none.
 *
 * @param names as the server or the URL has them, best first
 */
export function chooseName(names: string[], mediaType: string | undefined): string {
  const name = names.map(safeFileName).find((usable) => usable !== undefined) ?? FALLBACK;
  // An "extension" without a letter is a version or a part number: `tool-1.2`, `backup.001`.
  if (/[a-z]/i.test(splitExtension(name)[1]) || mediaType === undefined) return name;
  // The general type says nothing: `.bin` would only be in the way.
  const extension = mediaType === 'application/octet-stream' ? null : mime.getExtension(mediaType);
  return extension === null ? name : (safeFileName(`${name}.${extension}`) ?? name);
}
