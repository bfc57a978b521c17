/**
 * birpc over a channel, with a guard against what a stranger may send.
 *
 * @module
 */
import { type BirpcReturn, createBirpc } from 'birpc';
import { ConnectionError } from '../errors';
import type { Channel } from './channel';
import { toWire } from './wire-error';

/** Connects `functions` to the other side. A frame that is none closes the channel with a `ConnectionError`. */
export function createRpc<Remote extends object, Local extends object>(
  channel: Channel,
  functions: Local,
): BirpcReturn<Remote, Local, false> {
  const rpc = createBirpc<Remote, Local, false>(functions, {
    proxify: false,
    // A claim waits for as long as it takes; a connection that is gone is told by its close.
    timeout: -1,
    // Names such as `constructor` are found on every object.
    resolver: (name, resolved) => (Object.hasOwn(functions, name) ? resolved : undefined),
    serialize: (frame: { e?: unknown }) => (frame.e instanceof Error ? { ...frame, e: toWire(frame.e) } : frame),
    post: (frame) => channel.send(frame),
    on: (receive) =>
      channel.onMessage((message) => {
        if (!isFrame(message)) {
          channel.close(new ConnectionError(`The other side does not speak this protocol: it sent ${show(message)}.`));
          return;
        }
        const handled: unknown = receive(message);
        Promise.resolve(handled).catch((cause) => {
          channel.close(new ConnectionError('A message of the other side could not be handled.', { cause }));
        });
      }),
  });
  channel.onClose((cause) => rpc.$close(new ConnectionError('The connection was closed.', { cause })));
  return rpc;
}

function isFrame(message: unknown): boolean {
  if (typeof message !== 'object' || message === null) return false;
  const { t, i, m, a } = message as Record<string, unknown>;
  if (t === 's') return typeof i === 'string';
  return t === 'q' && typeof m === 'string' && Array.isArray(a) && (i === undefined || typeof i === 'string');
}

function show(message: unknown): string {
  return (JSON.stringify(message) ?? String(message)).slice(0, 80);
}
