/** What records do that concern no job: workers, definitions, schedules and pauses. */
import type { DefinitionTable } from './definition-table';
import type { StoreRecord } from './records';
import type { ScheduleTable } from './schedule-table';

/** The part of an index that they change. */
export interface Settings {
  readonly workers: Map<string, string>;
  readonly definitions: DefinitionTable;
  readonly schedules: ScheduleTable;
  readonly pausedTypes: Set<string>;
  pausedAll: boolean;
}

/** @returns whether the record fits what is there */
export function applySetting(
  settings: Settings,
  record: Extract<StoreRecord, { op: 'worker' | 'define' | 'fire' | 'pause' }>,
): boolean {
  const { workers, definitions, schedules, pausedTypes } = settings;
  switch (record.op) {
    case 'worker':
      workers.set(record.worker, record.instance);
      return true;
    case 'define': {
      const before = definitions.get(record.kind, record.name)?.value;
      definitions.apply(record);
      if (record.kind === 'schedule') schedules.define(record, before);
      return true;
    }
    case 'fire':
      return schedules.fire(record);
    case 'pause':
      if (record.type === undefined) settings.pausedAll = record.paused;
      else if (record.paused) pausedTypes.add(record.type);
      else pausedTypes.delete(record.type);
      return true;
  }
}
