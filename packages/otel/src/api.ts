/**
 * OpenTelemetry's API, if this program has it.
 *
 * @module
 */

/** What `import('@opentelemetry/api')` gives. */
export type Api = typeof import('@opentelemetry/api');

/** The API; `undefined` when it is not installed. @throws whatever goes wrong in it when it is */
export async function loadApi(load: () => Promise<Api> = () => import('@opentelemetry/api')): Promise<Api | undefined> {
  try {
    return await load();
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const isMissing = code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND';
    // Something else may be missing that the API, or whoever replaced it, needs.
    if (isMissing && String(message).includes('@opentelemetry/api')) return undefined;
    throw error;
  }
}
