/**
 * What a protocol has to do: say what the server knows about a file, and deliver its bytes from an offset.
 *
 * @module
 */
import type { Checksum } from './checksum';

/** A file to fetch. */
export interface FetchRequest {
  url: URL;
  /** Headers of the caller, for protocols that have headers. */
  headers: Record<string, string>;
  maxRedirects: number;
  /** Follow redirects from an encrypted to an unencrypted address. */
  allowInsecureRedirect: boolean;
  /** Milliseconds. */
  timeouts: { connect: number; idle: number };
  /** Aborts everything; what is under way then rejects with its reason. */
  signal: AbortSignal;
  /** Tells people what happens. */
  log(message: string): void;
  /** Bytes that are here already. The server may not be able to continue: see {@link RemoteFile.offset}. */
  resume?: ResumePoint;
}

/** Where an earlier attempt stopped. */
export interface ResumePoint {
  offset: number;
  /** Proof that the bytes to come belong to the same file; without it only the length is compared. */
  validator?: string;
  total?: number;
}

/** What the server says about the file. */
export interface RemoteFile {
  /** Where the bytes to come begin: at the asked offset, or at 0 when the file must start over. */
  offset: number;
  /** Where they end, if the server announced it; before `total` when it serves the file in pieces. */
  end?: number;
  /** Length of the whole file. */
  total?: number;
  validator?: string;
  /** A later attempt may continue where this one stops. */
  resumable: boolean;
  /** Names for the file, best first, as the server wrote them. */
  names: string[];
  mime?: string;
  etag?: string;
  digest?: Checksum;
  /** Where it came from after all redirects, as it may be shown. */
  finalUrl: string;
}

/** Takes bytes. A promise means: wait for it before the next chunk. */
export type Sink = (chunk: Buffer) => void | Promise<void>;

/** A file that is ready to be read. Either `read` it or `close` it. */
export interface RemoteSource {
  readonly file: RemoteFile;
  /** Delivers the bytes; resolves at their clean end. */
  read(sink: Sink): Promise<void>;
  /** Lets go of the connection. Harmless after `read`. */
  close(): void;
}

/** One way to fetch files, chosen by the URL's scheme. */
export interface Protocol {
  /** As in `URL.protocol`, with the colon. */
  readonly schemes: readonly string[];
  /** Connects and asks. Errors are download errors of this package. */
  open(request: FetchRequest): Promise<RemoteSource>;
}
