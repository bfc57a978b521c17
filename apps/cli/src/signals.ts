/**
 * What a signal does: the first one ends the command, in order if it knows how; the second ends it at once.
 *
 * @module
 */
import { EXIT } from './exit-codes';
import type { Signals, StopSignal } from './io';

/** Exit codes of a command that a signal ended: 128 + the signal's number, and 0 when only the reader of the output went. */
const CODES: Record<StopSignal, number> = {
  SIGINT: EXIT.interrupted,
  SIGTERM: EXIT.terminated,
  SIGHUP: 129,
  EPIPE: EXIT.ok,
};

/** The exit code of a command that a signal ended. */
export function signalCode(signal: StopSignal): number {
  return CODES[signal];
}

/** The signals of this process. */
export class ProcessSignals implements Signals {
  private handler: ((signal: StopSignal) => void) | undefined;
  private stopping = false;

  constructor(private readonly exit: (code: number) => void) {}

  graceful(handler: (signal: StopSignal) => void): () => void {
    this.handler = handler;
    return () => {
      if (this.handler === handler) this.handler = undefined;
    };
  }

  /** Called for each signal that arrives. */
  receive(signal: StopSignal): void {
    if (this.handler === undefined || (this.stopping && signal !== 'EPIPE')) {
      this.exit(signalCode(signal));
      return;
    }
    // Each line that is written to a closed pipe fails again: that is not a person who lost patience.
    if (this.stopping) return;
    this.stopping = true;
    this.handler(signal);
  }
}
