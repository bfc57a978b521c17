import { FakeClock } from '@leviathan/core/testing';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type DownloadProgress, ProgressReporter, Speedometer } from './progress';

describe('Speedometer', () => {
  it('shows the true speed from the first measurement on', () => {
    const speed = new Speedometer();
    expect(speed.value).toBe(0);
    speed.add(200, 200);
    expect(speed.value).toBeCloseTo(1000);
    speed.add(100, 100);
    expect(speed.value).toBeCloseTo(1000);
  });

  it('follows a change within some seconds, and does not jump', () => {
    const speed = new Speedometer();
    for (let i = 0; i < 100; i += 1) speed.add(1000, 200);
    speed.add(0, 200);
    expect(speed.value).toBeGreaterThan(4_500);
    for (let i = 0; i < 60; i += 1) speed.add(0, 200);
    expect(speed.value).toBeLessThan(300);
  });

  it('is never negative and never NaN, whatever clocks and counters do', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.integer(), fc.oneof(fc.integer(), fc.constant(Number.NaN)))), (steps) => {
        const speed = new Speedometer();
        for (const [bytes, ms] of steps) speed.add(bytes, ms);
        expect(speed.value).toBeGreaterThanOrEqual(0);
      }),
    );
  });
});

describe('ProgressReporter', () => {
  function reporter() {
    const clock = new FakeClock();
    const reports: { percent: number; detail: DownloadProgress }[] = [];
    const progress = new ProgressReporter(
      { progress: (percent, detail) => void reports.push({ percent, detail: detail as DownloadProgress }) },
      clock,
    );
    return { clock, reports, progress };
  }

  it('reports every 200 ms, not once per chunk, and stops when told', async () => {
    const { clock, reports, progress } = reporter();
    await clock.advance(1_000);
    expect(reports).toHaveLength(5);
    progress.stop();
    await clock.advance(1_000);
    expect(reports).toHaveLength(5);
  });

  it('tells percent, speed and the time left; bytes of earlier attempts are no speed', async () => {
    const { clock, reports, progress } = reporter();
    let bytes = 5_000;
    progress.begin('a.zip', 10_000, () => bytes);
    await clock.advance(200);
    expect(reports.at(-1)).toEqual({
      percent: 50,
      detail: { phase: 'downloading', file: 'a.zip', bytes: 5_000, total: 10_000, speed: 0, etaSeconds: null },
    });
    bytes = 5_200;
    await clock.advance(200);
    const { speed = 0, etaSeconds } = reports.at(-1)?.detail ?? {};
    expect(speed).toBeGreaterThan(400);
    expect(speed).toBeLessThan(600);
    expect(etaSeconds).toBe(Math.ceil(4_800 / speed));
  });

  it('stays at 0 percent while the length is unknown, and below 100 until the end', async () => {
    const { clock, reports, progress } = reporter();
    progress.begin('a.zip', undefined, () => 1_000_000);
    await clock.advance(200);
    expect(reports.at(-1)).toMatchObject({ percent: 0, detail: { bytes: 1_000_000, total: null, etaSeconds: null } });
    progress.begin('a.zip', 1_000_000, () => 999_999);
    await clock.advance(200);
    expect(reports.at(-1)?.percent).toBe(99.9);
    expect(progress.finished(1_000_000)).toMatchObject({ phase: 'finished', bytes: 1_000_000, etaSeconds: 0 });
  });

  it('shows a stalled download by its falling speed', async () => {
    const { clock, reports, progress } = reporter();
    let bytes = 0;
    progress.begin('a.zip', 10_000_000, () => bytes);
    bytes = 100_000;
    await clock.advance(200);
    const before = reports.at(-1)?.detail.speed ?? 0;
    await clock.advance(20_000);
    expect(reports.at(-1)?.detail.speed).toBeLessThan(before / 10);
  });
});
