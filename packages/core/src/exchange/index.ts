/**
 * Export and import: a store's jobs and definitions as a portable document.
 *
 * @module
 */
export type { FieldChange } from './diff';
export { type ExportOptions, exportAll, PORTABLE_KINDS, type PortableKind } from './export';
export { DOCUMENT_FORMAT, DOCUMENT_VERSION, type DocumentHeader, type DocumentStyle, type Lines } from './format';
export { importAll } from './import';
export { CONFLICT_POLICIES, type ConflictPolicy, type ImportOptions } from './import-scope';
export {
  IMPORT_STATES,
  type ImportAction,
  type ImportCounts,
  type ImportItem,
  type ImportResult,
  type ImportState,
} from './report';
