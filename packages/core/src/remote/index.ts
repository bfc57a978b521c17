/**
 * Stores across processes, threads and windows: one protocol over any channel.
 *
 * @module
 */
export { type Channel, ChannelEvents, MessageTooLargeError } from './channel';
export { ConnectionLostError } from './connection';
export { type FailoverOptions, FailoverStore, type OpenedStore, reconnectingStore } from './failover-store';
export { type MemoryChannelOptions, type MemoryChannelPair, memoryChannelPair } from './memory-channel';
export { type EmitterPort, messagePortChannel, type WebPort } from './message-port-channel';
export * from './protocol';
export { type ClientIdentity, RemoteStore } from './remote-store';
export { type ServedClient, type ServeOptions, serveStore } from './serve-store';
export { fromWire, toWire, type WireError } from './wire-error';
