/**
 * Follows redirects, under rules that undici's own redirects do not know.
 *
 * @module
 */
import { setImmediate } from 'node:timers/promises';
import { PermanentDownloadError } from '../../errors';
import type { FetchRequest } from '../../protocol';
import { redactUrl } from '../../redact';
import { type Exchange, type ExchangeRequest, exchange, StaleConnectionError } from './exchange';
import { callerHeaders, publicHeaders } from './headers';
import type { HttpPool } from './pool';

const REDIRECTS = new Set([301, 302, 303, 307, 308]);

/** A redirect's body up to this length is read, to keep the connection; a longer one costs more than a new connection. */
const MAX_DRAINED_BYTES = 64 * 1024;

/** The response at the end of all redirects, and the URL that it came from. */
export interface FinalResponse {
  url: URL;
  response: Exchange;
}

/**
 * Asks for a URL and follows redirects.
 *
 * @param extra headers of this very request, sent on every hop (`Range`, `If-Range`)
 * @throws PermanentDownloadError `REDIRECT`
 */
export async function follow(
  pool: HttpPool,
  request: FetchRequest,
  extra: Map<string, string>,
): Promise<FinalResponse> {
  let url = request.url;
  let headers = callerHeaders(request.headers, url);
  const seen = new Set<string>();
  for (;;) {
    seen.add(withoutFragment(url));
    const { timeouts, signal } = request;
    const all = new Map([...headers, ['accept-encoding', 'identity'], ...extra]);
    if (!all.has('accept')) all.set('accept', '*/*');
    const response = await ask(pool, { url, headers: all, timeouts, signal });
    const { location } = response.headers;
    if (!REDIRECTS.has(response.status) || location === undefined) return { url, response };
    await drain(response);
    signal.throwIfAborted();
    if (seen.size > request.maxRedirects) throw refusal(url, `there are more than ${request.maxRedirects} redirects`);
    const next = nextUrl(location, url);
    checkTarget(url, next, request);
    if (seen.has(withoutFragment(next))) throw refusal(url, 'the redirects go round in a circle');
    // Credentials belong to the origin they were given for; those inside a Location are the server's own invention and are not used.
    if (next.origin !== url.origin) headers = publicHeaders(headers);
    next.username = '';
    next.password = '';
    request.log(`Redirected to ${redactUrl(next)}.`);
    url = next;
  }
}

async function ask(pool: HttpPool, request: ExchangeRequest): Promise<Exchange> {
  try {
    return await exchange(pool, request);
  } catch (error) {
    if (!(error instanceof StaleConnectionError)) throw error;
    return exchange(pool, request).catch((again: unknown) => {
      throw again instanceof StaleConnectionError ? again.failure : again;
    });
  }
}

function nextUrl(location: string, base: URL): URL {
  // Headers are read as Latin-1, and servers send UTF-8 in them.
  const text = Buffer.from(location, 'latin1').toString('utf8');
  if (!URL.canParse(text, base.href)) throw refusal(base, 'the new address is not a URL');
  return new URL(text, base.href);
}

function checkTarget(from: URL, to: URL, request: FetchRequest): void {
  if (to.protocol !== 'http:' && to.protocol !== 'https:')
    throw refusal(from, `the new address is ${to.protocol} and not HTTP`);
  if (from.protocol === 'https:' && to.protocol === 'http:' && !request.allowInsecureRedirect) {
    throw refusal(from, 'the new address is not encrypted; allow it by "allowInsecureRedirect"');
  }
}

function refusal(url: URL, why: string): PermanentDownloadError {
  return new PermanentDownloadError('REDIRECT', `A redirect of ${url.host} was not followed: ${why}.`);
}

function withoutFragment(url: URL): string {
  return url.href.slice(0, url.href.length - url.hash.length);
}

/** Reads a short body to its end, so that the next hop can use the connection; ends the connection of a long one. */
async function drain(response: Exchange): Promise<void> {
  const length = Number(response.headers['content-length'] ?? Number.POSITIVE_INFINITY);
  // Its failure is the failure of nothing: the redirect is known already.
  if (length > MAX_DRAINED_BYTES) return response.close();
  await response.read(() => undefined).catch(() => undefined);
  // undici offers the connection again in its next turn, not in the one that ends the body.
  await setImmediate();
}
