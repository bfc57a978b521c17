import { describe, expect, it } from 'vitest';
import { rig } from '../test/rig';
import { ServiceError } from './errors';
import { type Service, type ServiceContext, type ServiceHealth, ServiceManager } from './service';

/** A service that writes down what happens to it. */
function noting(
  name: string,
  story: string[],
  faults: { start?: Error; stop?: Error; health?: () => ServiceHealth } = {},
): Service {
  return {
    name,
    async start() {
      story.push(`start ${name}`);
      await Promise.resolve();
      if (faults.start) throw faults.start;
      story.push(`started ${name}`);
    },
    async stop({ deadline }) {
      story.push(`stop ${name} by ${deadline}`);
      await Promise.resolve();
      if (faults.stop) throw faults.stop;
      story.push(`stopped ${name}`);
    },
    health: faults.health ?? (() => ({ status: 'ok', problems: [] })),
  };
}

function context(): ServiceContext {
  const { queue, clock } = rig([]);
  return { queue: queue as unknown as ServiceContext['queue'], clock };
}

describe('ServiceManager', () => {
  it('starts in order, one after the other, and stops in reverse order', async () => {
    const story: string[] = [];
    const manager = new ServiceManager([noting('a', story), noting('b', story)]);
    await manager.start(context());
    await manager.start(context());
    await manager.stop({ deadline: 7 });
    await manager.stop({ deadline: 8 });
    expect(story).toEqual([
      ...['start a', 'started a', 'start b', 'started b'],
      ...['stop b by 7', 'stopped b', 'stop a by 7', 'stopped a'],
    ]);
    expect(manager.names).toEqual(['a', 'b']);
    expect(manager.get('b')?.name).toBe('b');
    expect(manager.get('c')).toBeUndefined();
  });

  it('stops what runs when a start fails, in reverse order, and says which one failed and why', async () => {
    const story: string[] = [];
    const cause = new Error('no port');
    const manager = new ServiceManager([
      noting('a', story),
      noting('b', story),
      noting('c', story, { start: cause }),
      noting('d', story),
    ]);
    const started = context();
    const error: unknown = await manager.start(started).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ServiceError);
    expect(error).toMatchObject({ message: 'The service c could not start: no port', cause });
    const now = started.clock.now();
    expect(story.slice(4)).toEqual(['start c', `stop b by ${now}`, 'stopped b', `stop a by ${now}`, 'stopped a']);
    expect((await manager.health()).status).toBe('stopped');
  });

  it('keeps all causes when a start fails and then a stop does', async () => {
    const [no, neither] = [new Error('no'), new Error('neither')];
    const manager = new ServiceManager([noting('a', [], { stop: neither }), noting('b', [], { start: no })]);
    await expect(manager.start(context())).rejects.toMatchObject({ cause: new AggregateError([no, neither]) });
  });

  it('stops all others when one cannot stop, then throws all errors together', async () => {
    const story: string[] = [];
    const faults = [new Error('one'), new Error('two')];
    const manager = new ServiceManager([
      noting('a', story, { stop: faults[0] }),
      noting('b', story),
      noting('c', story, { stop: faults[1] }),
    ]);
    await manager.start(context());
    const error = await manager.stop({ deadline: 0 }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ message: 'Services failed to stop: c: two; a: one', code: 'SERVICE' });
    expect(((error as ServiceError).cause as AggregateError).errors).toEqual([faults[1], faults[0]]);
    expect(story).toContain('stopped b');
  });

  it('tells the health of each, the worst of all, and what is wrong with whom', async () => {
    const tired = (): ServiceHealth => ({ status: 'degraded', problems: ['tired'], details: { hours: 20 } });
    const broken = (): ServiceHealth => {
      throw new Error('no pulse');
    };
    const manager = new ServiceManager([
      noting('a', []),
      noting('b', [], { health: tired }),
      noting('c', [], { health: broken }),
    ]);
    expect(await manager.health()).toMatchObject({ status: 'stopped', services: { a: { status: 'stopped' } } });
    await manager.start(context());
    expect(await manager.health()).toEqual({
      status: 'failed',
      problems: ['b: tired', 'c: cannot tell its health: no pulse'],
      services: {
        a: { status: 'ok', problems: [] },
        b: { status: 'degraded', problems: ['tired'], details: { hours: 20 } },
        c: { status: 'failed', problems: ['cannot tell its health: no pulse'] },
      },
    });
  });

  it('refuses two services of one name', () => {
    expect(() => new ServiceManager([noting('a', []), noting('a', [])])).toThrow(/Two services are named "a"/);
  });
});
