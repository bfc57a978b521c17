/**
 * Durable jobs on plain files: a journal that is the truth, folders that are its face.
 *
 * @module
 */
export { type DoctorOptions, doctor } from './doctor';
export type { DoctorFinding, DoctorReport } from './doctor-report';
export { FsStore, fsStore } from './fs-store';
export type { FsStoreOptions } from './options';
export { defaultRoot } from './root';
export type { AuditRetention } from './snapshotter';
export {
  connectToSocket,
  listenOnSocket,
  MAX_MESSAGE_BYTES,
  type SocketChannelOptions,
  type SocketServer,
  socketChannel,
} from './socket-channel';
