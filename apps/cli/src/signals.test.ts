import { describe, expect, it } from 'vitest';
import type { StopSignal } from './io';
import { ProcessSignals } from './signals';

function signals() {
  const exits: number[] = [];
  const seen: StopSignal[] = [];
  return { exits, seen, it: new ProcessSignals((code) => exits.push(code)) };
}

describe('ProcessSignals', () => {
  it('ends the command at once while nobody asks for an orderly end', () => {
    const { exits, it: source } = signals();
    source.receive('SIGINT');
    source.receive('SIGTERM');
    source.receive('SIGHUP');
    source.receive('EPIPE');
    expect(exits).toEqual([130, 143, 129, 0]);
  });

  it('gives the first signal to the handler, and ends at the second', () => {
    const { exits, seen, it: source } = signals();
    source.graceful((signal) => seen.push(signal));
    source.receive('SIGINT');
    expect({ exits, seen }).toEqual({ exits: [], seen: ['SIGINT'] });
    source.receive('SIGTERM');
    expect(exits).toEqual([143]);
  });

  it('takes each further write to a closed pipe for the same event', () => {
    const { exits, seen, it: source } = signals();
    source.graceful((signal) => seen.push(signal));
    for (let i = 0; i < 3; i += 1) source.receive('EPIPE');
    expect({ exits, seen }).toEqual({ exits: [], seen: ['EPIPE'] });
  });

  it('ends at once again after the handler was taken back', () => {
    const { exits, seen, it: source } = signals();
    source.graceful((signal) => seen.push(signal))();
    source.receive('SIGINT');
    expect({ exits, seen }).toEqual({ exits: [130], seen: [] });
  });
});
