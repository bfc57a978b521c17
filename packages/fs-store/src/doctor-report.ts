/**
 * What the doctor says.
 *
 * @module
 */

/** One thing that the doctor saw. */
export interface DoctorFinding {
  /** Stable, for programs. */
  code: string;
  /** `error`: something is lost or wrong; `warn`: it can be put right; `info`: worth knowing. */
  severity: 'info' | 'warn' | 'error';
  /** Below the root. */
  path?: string;
  message: string;
  /** What a repair would do about it; left out when nothing can be done. */
  repair?: string;
  /** It was there, and the repair removed it. */
  repaired?: boolean;
}

/** What the doctor says. */
export interface DoctorReport {
  /** Nothing is wrong (any more): no warning and no error that was not repaired. */
  ok: boolean;
  /** Something was repaired. */
  repaired: boolean;
  findings: DoctorFinding[];
  /** Jobs by state, files, journal records, quarantined files. */
  summary: Record<string, number>;
  /**
   * The hash chain over the journal: how many sealed segments it has, the first record that they cover, and the newest link in hex. Who
   * keeps that one in another place can prove later that nobody made the chain anew.
   */
  chain?: { segments: number; since: number; newest: string };
}
