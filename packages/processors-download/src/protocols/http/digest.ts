/**
 * The digest that a server sends along: `Repr-Digest` (RFC 9530) or its forerunner `Digest` (RFC 3230).
 *
 * @module
 */
import { CHECKSUM_ALGORITHMS, type Checksum, toChecksum } from '../../checksum';

/** The strongest digest in these headers that can be checked here; a malformed or unknown one is as good as none. */
export function headerDigest(headers: { 'repr-digest'?: string; digest?: string }): Checksum | undefined {
  // Both describe the whole file, also on a 206. Content-Digest describes the bytes of one response and is of no use here.
  const found = [
    ...entries(headers['repr-digest']).map(([name, value]) => {
      const bytes = /^:([A-Za-z0-9+/=]*):$/.exec(value)?.[1];
      return bytes === undefined ? undefined : toChecksum(name, bytes);
    }),
    ...entries(headers.digest).map(([name, value]) => toChecksum(name, value)),
  ];
  return CHECKSUM_ALGORITHMS.map((algorithm) => found.find((digest) => digest?.algorithm === algorithm)).find(Boolean);
}

function entries(header: string | undefined): [string, string][] {
  return (header ?? '').split(',').flatMap((part): [string, string][] => {
    const at = part.indexOf('=');
    // Parameters of a structured field (`;x=1`) say nothing about the digest.
    return at < 0 ? [] : [[part.slice(0, at).trim(), (part.slice(at + 1).split(';')[0] ?? '').trim()]];
  });
}
