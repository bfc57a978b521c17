/**
 * HTTP and HTTPS: which bytes a server has, and whether it can continue where an earlier attempt stopped.
 *
 * @module
 */
import type { Clock } from '@leviathan/core';
import { DownloadError } from '../../errors';
import { urlNames } from '../../names';
import type { FetchRequest, Protocol, RemoteFile, RemoteSource, ResumePoint } from '../../protocol';
import { redactUrl } from '../../redact';
import { codingOf, readDecoded } from './decode';
import { headerDigest } from './digest';
import { dispositionName } from './disposition';
import type { Exchange } from './exchange';
import { statusError } from './failure';
import type { HttpPool } from './pool';
import { parseContentRange } from './range';
import { type FinalResponse, follow } from './redirect';
import { strongValidator } from './validator';

/** HTTP/1.1 over TCP or TLS. */
export class HttpProtocol implements Protocol {
  readonly schemes = ['http:', 'https:'];

  constructor(
    private readonly pool: HttpPool,
    private readonly clock: Clock,
  ) {}

  async open(request: FetchRequest): Promise<RemoteSource> {
    if (request.resume !== undefined) {
      const source = await this.continueAt(request, request.resume);
      if (source !== undefined) return source;
    }
    const final = await follow(this.pool, request, new Map());
    // 203 is a 200 that a proxy changed something about.
    if (final.response.status === 200 || final.response.status === 203) return fullSource(final);
    throw this.refused(final);
  }

  /** `undefined` when the file must start over. */
  private async continueAt(request: FetchRequest, resume: ResumePoint): Promise<RemoteSource | undefined> {
    const extra = new Map([['range', `bytes=${resume.offset}-`]]);
    // RFC 9110 section 13.1.5: the server sends the range when the file is still the same, and all of it when it is not.
    if (resume.validator !== undefined) extra.set('if-range', resume.validator);
    const final = await follow(this.pool, request, extra);
    const { response } = final;
    if (response.status === 200 || response.status === 203) {
      request.log('The server sends the whole file again: it has changed, or the server cannot continue.');
      return fullSource(final);
    }
    if (response.status === 206) {
      const source = rangeSource(final, resume);
      if (source !== undefined) return source;
      request.log('The server sends a range that does not fit what is here; starting over.');
    } else if (response.status === 416) {
      // Section 15.5.17: nothing at this offset. When the file ends exactly there, everything is here already.
      if (parseContentRange(response.headers['content-range'])?.total === resume.offset)
        return endedSource(final, resume);
      request.log('The file is shorter than what is here; starting over.');
    } else {
      throw this.refused(final);
    }
    response.close();
    return undefined;
  }

  private refused({ url, response }: FinalResponse): Error {
    const { status, headers } = response;
    response.close();
    if (status >= 200 && status < 400) {
      return new DownloadError('BAD_RESPONSE', `${url.host} answered with status ${status}, which is not the file.`);
    }
    return statusError(status, url.host, headers['retry-after'], this.clock.now());
  }
}

function fullSource(final: FinalResponse): RemoteSource {
  const { response } = final;
  try {
    const { names, mime, ...about } = describe(final);
    const coding = codingOf(response.headers['content-encoding'], mime, names);
    if (coding !== undefined) {
      // Length, validator and digest are those of the compressed bytes; what is saved are others, so nothing can be continued or checked.
      const file = {
        offset: 0,
        names,
        finalUrl: about.finalUrl,
        resumable: false,
        ...(mime !== undefined && { mime }),
      };
      return {
        file,
        read: (sink) => readDecoded(coding, (raw) => response.read(raw), sink),
        close: () => response.close(),
      };
    }
    const total = contentLength(response);
    const file = {
      ...about,
      names,
      ...(mime !== undefined && { mime }),
      offset: 0,
      ...(total !== undefined && { total, end: total }),
    };
    return { file, read: (sink) => response.read(sink), close: () => response.close() };
  } catch (error) {
    response.close();
    throw error;
  }
}

/** `undefined` when this is not the range that was asked for, or one of another file. */
function rangeSource(final: FinalResponse, resume: ResumePoint): RemoteSource | undefined {
  const { response } = final;
  const { range, total = resume.total } = parseContentRange(response.headers['content-range']) ?? {};
  if (range === undefined || range.first !== resume.offset) return undefined;
  if (resume.total !== undefined && total !== resume.total) return undefined;
  const length = contentLength(response);
  const end = range.last + 1;
  if (length !== undefined && length !== end - range.first) return undefined;
  const about = describe(final);
  // A server that ignores If-Range still tells by its entity tag that the file is another one.
  const tag = resume.validator?.startsWith('"') ? resume.validator : undefined;
  if (tag !== undefined && about.etag !== undefined && about.etag !== tag) return undefined;
  if (!isIdentity(response)) return undefined;
  const file = { ...about, offset: resume.offset, end, ...(total !== undefined && { total }) };
  return { file, read: (sink) => response.read(sink), close: () => response.close() };
}

function endedSource(final: FinalResponse, resume: ResumePoint): RemoteSource {
  final.response.close();
  const { finalUrl } = describe(final);
  const file = {
    offset: resume.offset,
    total: resume.offset,
    end: resume.offset,
    names: [],
    finalUrl,
    resumable: true,
  };
  return { file, read: () => Promise.resolve(), close: () => undefined };
}

function describe({ url, response }: FinalResponse): Omit<RemoteFile, 'offset'> {
  const { headers } = response;
  const named = dispositionName(headers['content-disposition'] ?? '');
  const mime = headers['content-type']?.split(';')[0]?.trim().toLowerCase();
  const etag = headers.etag?.trim();
  const validator = strongValidator(headers);
  const digest = isIdentity(response) ? headerDigest(headers) : undefined;
  return {
    names: [...(named === undefined ? [] : [named]), ...urlNames(url)],
    finalUrl: redactUrl(url),
    resumable: headers['accept-ranges']?.trim().toLowerCase() !== 'none',
    ...(mime && { mime }),
    ...(etag && { etag }),
    ...(validator !== undefined && { validator }),
    ...(digest !== undefined && { digest }),
  };
}

function contentLength({ headers }: Exchange): number | undefined {
  const text = headers['content-length']?.trim() ?? '';
  if (!/^\d+$/.test(text) || headers['transfer-encoding'] !== undefined) return undefined;
  return Number.isSafeInteger(Number(text)) ? Number(text) : undefined;
}

function isIdentity(response: Exchange): boolean {
  const coding = response.headers['content-encoding']?.trim().toLowerCase() ?? '';
  return coding === '' || coding === 'identity';
}
