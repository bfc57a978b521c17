/** `leviathan doctor` @module */

import type { DoctorFinding } from '@leviathan/fs-store';
import { EXIT } from '../exit-codes';
import { oneLine } from '../format/safe';
import { count } from '../format/text';
import type { Session } from '../session';

interface Options {
  repair?: boolean;
}

export async function run(session: Session, options: Options): Promise<number> {
  const root = await session.root();
  const report = await session.io.stores.doctor(root, options.repair === true);
  // Tells of those that do not load.
  await session.plugins();
  const { out } = session;
  const open = report.findings.filter((finding) => finding.severity === 'error' && finding.repaired !== true);
  if (out.json) {
    await out.value(report);
  } else {
    await out.lines(report.findings.flatMap((finding) => lines(session, finding)));
    await out.lines(
      Object.entries(report.summary).map(([key, value]) => `${oneLine(key)}: ${value.toLocaleString('en-US')}`),
    );
    if (report.chain) {
      const { segments, newest } = report.chain;
      await out.line(`hash chain: ${count(segments, 'sealed segment')}, the newest link is ${newest}`);
    }
    await out.line(verdict(session, open, report.findings.length, root));
  }
  return open.length > 0 ? EXIT.corrupt : EXIT.ok;
}

function lines(session: Session, { severity, code, path, message, repair, repaired }: DoctorFinding): string[] {
  const c = session.out.colors;
  const mark = { info: c.dim('i info '), warn: c.yellow('! warn '), error: c.red('✗ error') }[severity];
  const where = path === undefined ? '' : ` ${c.dim(oneLine(path))}`;
  const what =
    repair === undefined ? [] : [`        ${repaired === true ? c.green('repaired:') : 'repair:'} ${oneLine(repair)}`];
  return [`${mark} ${code}${where}: ${oneLine(message)}`, ...what];
}

function verdict(session: Session, open: readonly DoctorFinding[], findings: number, root: string): string {
  const c = session.out.colors;
  if (open.length === 0) return c.green(findings === 0 ? `✓ ${root} is sound.` : `✓ ${root} is usable.`);
  const advice = open.some(({ repair }) => repair !== undefined)
    ? ' "leviathan doctor --repair" mends what can be mended.'
    : '';
  return c.red(`✗ ${root}: ${count(open.length, 'error')}.${advice}`);
}
