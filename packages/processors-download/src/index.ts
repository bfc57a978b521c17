/**
 * A Leviathan processor that downloads files: resumable, verified, polite to servers.
 *
 * @module
 */
export type { DownloadContext } from './attempt';
export type { Checksum, ChecksumAlgorithm } from './checksum';
export { downloadProcessor, downloads } from './downloads';
export { DOWNLOAD_ERROR_KINDS, DownloadError, type DownloadErrorKind, PermanentDownloadError } from './errors';
export { OVERWRITE_RULES, type OverwriteRule } from './files/publish';
export {
  type DownloadInput,
  type DownloadResult,
  downloadInput,
  downloadOutput,
  type ParsedDownloadInput,
} from './input';
export { type DownloadPluginOptions, default } from './plugin';
export type { DownloadProgress } from './progress';
export type { ConnectOptions } from './protocols/http/pool';
export { redactUrl } from './redact';
export { DownloadService, type DownloadsOptions } from './service';
