/**
 * Jobs of a document that stand before one that they wait for.
 *
 * @module
 */
import { findCycle } from '../engine/decide-add';
import type { Issue } from '../errors';
import type { Job } from '../job';
import type { PortableJob } from './portable-job';

/** A job of the document, read. */
export interface Candidate {
  line: number;
  /** Its id in the document. */
  name: string;
  portable: PortableJob;
  /** Characters of its JSON. */
  size: number;
  /** What is in the store under the id that it is to have. */
  present: Job | null;
  /** Those of its parents that are in the store. */
  parents: Set<string>;
}

/** See the module. */
export class HeldJobs {
  /** By the id of the parent that is missing first. */
  private readonly byParent = new Map<string, Candidate[]>();

  add(candidate: Candidate, parent: string): void {
    const waiting = this.byParent.get(parent);
    if (waiting) waiting.push(candidate);
    else this.byParent.set(parent, [candidate]);
  }

  /** Those that waited for this one. */
  take(parent: string): Candidate[] {
    const waiting = this.byParent.get(parent) ?? [];
    this.byParent.delete(parent);
    return waiting;
  }

  /** All, in the order of the document. */
  takeAll(): Candidate[] {
    const all = [...this.byParent.values()].flat();
    this.byParent.clear();
    return all.sort((a, b) => a.line - b.line);
  }

  /** Why each of those that are left cannot be added. */
  *faults(): Generator<{ candidate: Candidate; issue: Issue }> {
    const waiting = [...this.byParent].flatMap(([parent, held]) => held.map((candidate) => ({ parent, candidate })));
    const parents = new Map(waiting.map(({ candidate: { name, portable } }) => [name, portable.job.dependsOn ?? []]));
    const cycle = findCycle(parents.keys(), (id) => parents.get(id)) ?? [];
    for (const { parent, candidate } of waiting) {
      const place = candidate.portable.job.dependsOn?.indexOf(parent) ?? 0;
      const message = cycle.includes(candidate.name)
        ? `is a cycle: ${cycle.join(' -> ')}`
        : parents.has(parent)
          ? `the job ${JSON.stringify(parent)} cannot be imported`
          : `there is no job ${JSON.stringify(parent)}`;
      yield { candidate, issue: { path: ['dependsOn', place], message } };
    }
  }
}
