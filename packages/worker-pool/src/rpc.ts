/**
 * Calls between a worker and its program.
 *
 * @module
 */
import { type BirpcReturn, createBirpc } from 'birpc';
import { fromWire, toWire, type WireError } from './wire-error';

/** Messages to the other side, and from it. */
export interface Port {
  /** @throws DataCloneError */
  post(message: unknown): void;
  onMessage(receive: (message: unknown) => void): void;
}

/** What is thrown on one side is thrown on the other with its name, message, code and stack. */
export function createRpc<Remote extends object, Local extends object>(
  port: Port,
  functions: Local,
): BirpcReturn<Remote, Local, false> {
  return createBirpc<Remote, Local, false>(functions, {
    proxify: false,
    // Handlers take as long as they take; the end of the worker is told by other means.
    timeout: -1,
    post: (frame) => port.post(frame),
    on: (receive) => port.onMessage(receive),
    serialize: (frame: { e?: unknown }) => ('e' in frame ? { ...frame, e: toWire(frame.e) } : frame),
    deserialize: (frame: { e?: WireError }) => (frame.e ? { ...frame, e: fromWire(frame.e) } : frame),
    // A result that cannot be copied: birpc then answers with the error. One of a call of our own has no method here, and is thrown.
    onGeneralError: (_error, method) => method !== undefined,
  });
}
