import { type JobOp, TRANSITIONS } from '../src/engine/transitions';
import type { JobStatus } from '../src/job';
import { JOB_STATUSES } from '../src/job';

const START = '[*]';

/** The page that docs/state-machine.md must be. */
export function stateMachinePage(): string {
  return `# The state machine of a job

Made from the table \`TRANSITIONS\` in \`packages/core/src/engine/transitions.ts\`, which the engine refuses everything else by. To write
it anew after a change of the table: \`LEVIATHAN_WRITE_DOCS=1 npx vitest run packages/core/test/state-machine.test.ts\`.

\`\`\`mermaid
stateDiagram-v2
${arrows().join('\n')}
\`\`\`

| record | from | to | when |
|---|---|---|---|
${ops().map(row).join('\n')}

Scheduled, blocked and paused jobs are pending ones: \`explain\` tells what they wait for. What each record changes in a job is in
[the on-disk format](on-disk-format.md).
`;
}

function ops(): JobOp[] {
  return Object.keys(TRANSITIONS) as JobOp[];
}

/** One arrow for each pair of states, named by all records that go there. */
function arrows(): string[] {
  const names = new Map<string, string[]>();
  for (const op of ops()) {
    const { from, to } = TRANSITIONS[op];
    for (const state of from.length > 0 ? from : [START]) {
      // A record that changes no state is an arrow back to where it came from; of `refuse`, which may come any time, that says nothing.
      if (to === undefined && from.length === JOB_STATUSES.length) continue;
      for (const end of [to === null ? START : (to ?? state)].flat()) {
        const arrow = `  ${state} --> ${end}`;
        names.set(arrow, [...(names.get(arrow) ?? []), op]);
      }
    }
  }
  return [...names].map(([arrow, ofArrow]) => `${arrow}: ${ofArrow.join(', ')}`);
}

function row(op: JobOp): string {
  const { from, to, when } = TRANSITIONS[op];
  return `| \`${op}\` | ${states(from)} | ${to === null ? 'gone' : [to ?? 'unchanged'].flat().join(', ')} | ${when} |`;
}

function states(from: readonly JobStatus[]): string {
  if (from.length === 0) return 'new';
  return from.length === JOB_STATUSES.length ? 'any' : from.join(', ');
}
