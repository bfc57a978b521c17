import { createHash } from 'node:crypto';

/** Whose download it is: decides whether a part file may be continued. */
export interface Owner {
  /** Id of the job. */
  job: string;
  /** {@link fingerprint} of its URL. */
  source: string;
}

/** Names a URL without giving away the secrets in it: credentials and fragment do not count, everything else does. */
export function fingerprint(url: URL): string {
  const plain = new URL(url);
  plain.username = '';
  plain.password = '';
  plain.hash = '';
  return createHash('sha256').update(plain.href).digest('hex');
}
