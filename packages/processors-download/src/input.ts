/**
 * What a download job is told, and what it results in.
 *
 * @module
 */
import { z } from 'zod';
import { CHECKSUM_ALGORITHMS, type Checksum, parseChecksum, toChecksum } from './checksum';
import { nameFault } from './files/name';
import { OVERWRITE_RULES } from './files/publish';
import { headerFault } from './protocols/http/headers';

/** Schemes that a job may name. */
const SCHEMES = ['http:', 'https:'] as const;

const url = z
  .string()
  .max(16_384)
  .superRefine((text, ctx) => {
    const fault = urlFault(text);
    if (fault !== undefined) ctx.addIssue({ code: 'custom', message: fault });
  });

const checksum = z
  .union([z.string(), z.strictObject({ algorithm: z.enum(CHECKSUM_ALGORITHMS), value: z.string() })])
  .transform((given, ctx): Checksum => {
    const parsed = typeof given === 'string' ? parseChecksum(given) : toChecksum(given.algorithm, given.value);
    if (parsed !== undefined) return parsed;
    const message = `write it as algorithm:hex, with one of ${CHECKSUM_ALGORITHMS.join(', ')}`;
    ctx.addIssue({ code: 'custom', message });
    return z.NEVER;
  });

const file = z.string().superRefine((name, ctx) => {
  const fault = nameFault(name);
  if (fault !== undefined) ctx.addIssue({ code: 'custom', message: fault });
});

const headers = z.record(z.string(), z.string()).superRefine((given, ctx) => {
  for (const [name, value] of Object.entries(given)) {
    const fault = headerFault(name, value);
    if (fault !== undefined) ctx.addIssue({ code: 'custom', message: fault, path: [name] });
  }
});

const milliseconds = z
  .number()
  .int()
  .positive()
  .max(2 ** 31 - 1);

/** Data of a download job. */
export const downloadInput = z.strictObject({
  /** What to download. Credentials in it are sent as basic authentication, and shown nowhere. */
  url,
  /** Folder for the file: absolute, or relative to the `directory` of {@link DownloadsOptions}. It is made when missing. */
  to: z
    .string()
    .min(1)
    .refine((path) => !path.includes('\0'), 'holds a NUL character')
    .optional(),
  /** Name for the file; the server's own choice by default. */
  file: file.optional(),
  /** What the file must hash to: `sha256:<hex>`, or the two apart. md5, sha1, sha256 and sha512. */
  checksum: checksum.optional(),
  /** More request headers. All but a few harmless ones stay behind when a redirect leads to another origin. */
  headers: headers.optional(),
  /** When there is a file of this name: add a number (`rename`, the default), replace it, skip the download, or fail. */
  overwrite: z.enum(OVERWRITE_RULES).optional(),
  /** Fail when the file is larger than this many bytes. */
  maxBytes: z.number().int().positive().optional(),
  /** Redirects to follow; 10 by default. */
  maxRedirects: z.number().int().nonnegative().max(100).optional(),
  /** Follow a redirect from https to http; refused by default. */
  allowInsecureRedirect: z.boolean().optional(),
  /** Milliseconds: to connect (10,000 by default), and between two pieces of data (30,000). */
  timeouts: z.strictObject({ connect: milliseconds.optional(), idle: milliseconds.optional() }).optional(),
});

/** Result of a download job. */
export const downloadOutput = z.object({
  /** Absolute path of the file. */
  file: z.string(),
  /** Its length. */
  bytes: z.number(),
  /** True when there was a file of this name already, and the job was to leave it as it is. */
  skipped: z.boolean(),
  /** What the file was checked against; left out when neither the job nor the server named a checksum. */
  checksum: z
    .object({ algorithm: z.enum(CHECKSUM_ALGORITHMS), value: z.string(), from: z.enum(['job', 'server']) })
    .optional(),
  mime: z.string().optional(),
  etag: z.string().optional(),
  /** Where it came from after all redirects, without credentials. */
  finalUrl: z.string(),
  /** Bytes that this attempt did not have to download, because earlier ones had. */
  resumed: z.number(),
  /** How long the last attempt took. */
  seconds: z.number(),
});

/** Data of a download job, as a producer writes it. */
export type DownloadInput = z.input<typeof downloadInput>;

/** Data of a download job, checked. */
export type ParsedDownloadInput = z.output<typeof downloadInput>;

/** Result of a download job. */
export type DownloadResult = z.output<typeof downloadOutput>;

function urlFault(text: string): string | undefined {
  // The URL parser drops tabs and line breaks in silence, so two texts that look different would be one address.
  if (/\p{Cc}/u.test(text)) return 'holds control characters';
  if (!URL.canParse(text)) return 'is not a URL; it begins with https://';
  const { protocol, hostname } = new URL(text);
  if (!SCHEMES.some((scheme) => scheme === protocol))
    return `cannot be downloaded: ${protocol} is not supported, only ${SCHEMES.join(' ')}`;
  return hostname === '' ? 'names no host' : undefined;
}
