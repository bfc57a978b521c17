/**
 * What the doctor finds in the hash chain of the journal.
 *
 * @module
 */
import { basename, join } from 'node:path';
import { hashOf, type Link, pathOf, readChain } from './chain';
import type { DoctorFinding, DoctorReport } from './doctor-report';
import { errorCode, type Files } from './files';
import { isDamage, isWhole, listSegments, type SegmentFile, segmentName } from './segment';

/** What {@link checkChain} says. */
export interface ChainCheck {
  findings: DoctorFinding[];
  /** Left out when there is no chain, or none that can be read. */
  chain?: NonNullable<DoctorReport['chain']>;
}

const REPAIR = 'begins a new chain behind it; the old one stays as journal/chain.json.<n>.bad';

/** Compares each sealed segment with its link, the oldest first. */
export async function checkChain(files: Files, dir: string): Promise<ChainCheck> {
  const chain = readChain(files, dir);
  if (chain === 'missing') return { findings: [] };
  if (chain === 'damaged') {
    const message = 'The hash chain cannot be read: whether the segments are as they were written cannot be told.';
    return { findings: [finding('CHAIN_DAMAGED', 'chain.json', message)] };
  }
  const findings: DoctorFinding[] = [];
  let before = chain.begin.hash;
  for (const link of chain.segments) {
    const fault = await faultOf(files, dir, link, before);
    if (fault && stillHas(files, dir, link)) findings.push(fault);
    before = link.hash;
  }
  return { findings, chain: { segments: chain.segments.length, since: chain.begin.first, newest: before } };
}

async function faultOf(files: Files, dir: string, link: Link, before: string): Promise<DoctorFinding | undefined> {
  const segment = listSegments(files, dir).find(({ first }) => first === link.first);
  const name = segmentName(link.first);
  if (!segment) return finding('CHAIN_MISSING', name, 'The segment is gone, and not because its retention ended.');
  const path = await readable(files, dir, segment);
  try {
    const hash = await hashOf(files, path, before, link.bytes);
    if (hash === link.hash) return undefined;
    return hash === undefined
      ? finding('CHAIN_CUT', basename(path), `The segment was cut: it had ${link.bytes} bytes when it was sealed.`)
      : finding('CHAIN_ALTERED', basename(path), 'The segment was altered, or changed places, since it was sealed.');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return finding('CHAIN_MISSING', name, 'The segment went while it was read.');
    if (!isDamage(error)) throw error;
    return finding('CHAIN_CUT', basename(path), 'The segment does not unpack to its end.');
  }
}

/** As a replay reads it: the plain file, unless it is damaged and a compression finished before. */
async function readable(files: Files, dir: string, segment: SegmentFile): Promise<string> {
  const path = pathOf(dir, segment);
  const isSecond = segment.plain && segment.gz && !(await isWhole(files, path)) && (await isWhole(files, `${path}.gz`));
  return isSecond ? `${path}.gz` : path;
}

/** Its retention may have ended while it was read. */
function stillHas(files: Files, dir: string, { first }: Link): boolean {
  const chain = readChain(files, dir);
  return typeof chain === 'string' || chain.segments.some((link) => link.first === first);
}

function finding(code: string, file: string, message: string): DoctorFinding {
  return { code, severity: 'error', path: join('journal', file), message, repair: REPAIR };
}
