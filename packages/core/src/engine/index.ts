/**
 * Building blocks for stores that keep their index in memory: the state machine, the index and a JobStore over them. MemoryStore and
 * `@leviathan/fs-store` are made of these.
 *
 * @module
 */

export { isObject, type JsonObject } from '../json';
export { adoption } from './adoption';
export { applyAndTell, type CommitLog, Committer, noLog } from './committer';
export { decideDefine, faultsOfDefinition } from './decide-define';
export { decideTakeBack } from './decide-settle';
export { DefinitionTable, type StoredDefinition } from './definition-table';
export { ENGINE_FEATURES } from './engine-features';
export type { EngineOptions } from './engine-options';
export { EngineStore } from './engine-store';
export { type BodySource, Entry, headOf } from './entry';
export { EventHub } from './event-hub';
export { FinishedList } from './finished-list';
export { headTextOf } from './head-text';
export type { HistoryLine } from './history';
export { isTime } from './job-checks';
export { newJobId } from './job-id';
export { dataOf, jobOf, resultOf } from './job-of';
export { type ParsedJob, parseJob } from './job-record';
export { JobTable } from './job-table';
export { jobTextOf } from './job-text';
export { type About, idOf, type Past, type PastBase } from './past';
export { PastDesk } from './past-desk';
export { RecentPast } from './recent-past';
export type { EditPatch, JobHead, RecordDraft, RunHead, StoreRecord } from './records';
export {
  countExpired,
  DEFAULT_RETENTION,
  findExpired,
  isLeaving,
  type Retention,
  type RetentionLimit,
} from './retention';
export { Run } from './run';
export { isSafeId } from './safe-id';
export type { StoredSchedule } from './schedule-table';
export type { Archiver } from './sweeper';
export { isoOf } from './time';
export { allows, TRANSITIONS, type Transition } from './transitions';
export { type AcceptedSpec, acceptSpecs, DEFAULT_MAX_JOB_BYTES, JOB_DEFAULTS } from './validate';
