/**
 * URLs as they may be shown: in logs, errors, progress, results and control records.
 *
 * @module
 */

/** Names of query parameters whose values open doors: signatures of cloud storage, tokens, keys. */
const SECRET_PARAMETER = /sig|token|secret|passw|credential|auth|key|session|code|ticket|policy/i;

/** The URL without credentials and fragment, and with the values of query parameters that look secret replaced by `***`. */
export function redactUrl(url: URL | string): string {
  if (!URL.canParse(String(url))) return '(not a URL)';
  const shown = new URL(url);
  // No host, so everything after the scheme is content (data:, or a password that was typed as a URL).
  if (shown.host === '') return `${shown.protocol}***`;
  shown.username = '';
  shown.password = '';
  shown.hash = '';
  if (shown.search === '') return shown.href;
  // By hand and not through searchParams: that would rewrite the encoding of the harmless parameters too.
  const pairs = shown.search.slice(1).split('&');
  shown.search = pairs
    .map((pair) => {
      const end = pair.indexOf('=');
      return end > 0 && SECRET_PARAMETER.test(pair.slice(0, end)) ? `${pair.slice(0, end)}=***` : pair;
    })
    .join('&');
  return shown.href;
}
