/**
 * Stores across processes, threads and windows: one protocol over any channel.
 *
 * @module
 */
export { type Channel, ChannelEvents, MessageTooLargeError } from './channel';
export { ConnectionLostError } from './connection';
export { FailoverStore } from './failover-store';
export { type MemoryChannelOptions, type MemoryChannelPair, memoryChannelPair } from './memory-channel';
export { type EmitterPort, messagePortChannel, type WebPort } from './message-port-channel';
export type { FailoverOptions, OpenedStore } from './opened-store';
export * from './protocol';
export { reconnectingStore } from './reconnecting-store';
export { type ClientIdentity, RemoteStore } from './remote-store';
export type { ServeOptions } from './serve-options';
export { type ServedClient, serveStore } from './serve-store';
export { fromWire, toWire, type WireError } from './wire-error';
