/**
 * How a client introduces itself.
 *
 * @module
 */
import { ConnectionError } from '../errors';
import { type Hello, PROTOCOL_VERSION } from './protocol';

/** What a client says of itself. @throws ConnectionError when it speaks another protocol, or is not understood */
export function introduction(hello: Hello): { client: string; workers: string[] } {
  const { protocol, client, workers = [] }: Partial<Hello> = Object(hello);
  if (protocol !== PROTOCOL_VERSION) {
    throw new ConnectionError(
      `The client speaks version ${JSON.stringify(protocol)} of the protocol, this server speaks version ${PROTOCOL_VERSION}: run the same version of Leviathan on both sides.`,
    );
  }
  const isNamed = typeof client === 'string' && client.length > 0 && client.length <= 100;
  if (!isNamed || !Array.isArray(workers) || !workers.every((name) => typeof name === 'string'))
    throw new ConnectionError('The client introduced itself wrongly: with `client` a text of 1 to 100 characters.');
  return { client, workers };
}
