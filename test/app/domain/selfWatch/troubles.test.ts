import { describe, expect, it } from 'vitest';
import type { SeenMember } from '../../../../app/domain/selfWatch/hosts';
import { isOfOtherHost, type Seen, troublesIn } from '../../../../app/domain/selfWatch/troubles';
import { troubleKey } from '../../../../app/domain/selfWatch/types';

const at = new Date('2026-11-21T01:00:00Z');
const limits = { alertAfterMs: 60_000 };

function member(hostId: string, role: 'agent' | 'worker', over: Partial<SeenMember> = {}): SeenMember {
  const times = { startedAt: new Date(at.getTime() - 3_600_000), lastSeenAt: new Date(at.getTime() - 1000) };
  return { hostId, role, live: true, suspended: false, clockSkewMs: 3, left: false, drained: false, ...times, ...over };
}

function seen(over: Partial<Seen> = {}): Seen {
  const backlog = { count: 0, more: false, oldestAt: null, channels: [] };
  return { at, hostId: 'a', members: [], brokenChannels: [], backlog, loops: [], ...over };
}

const whole = (hostId: string, over: Partial<SeenMember> = {}) => [
  member(hostId, 'agent', over),
  member(hostId, 'worker', over),
];
const keysOf = (over: Partial<Seen>) => troublesIn(seen(over), limits).map(troubleKey);

describe('a host', () => {
  it('that lives is no trouble', () => {
    expect(keysOf({ members: [...whole('a'), ...whole('b')] })).toEqual([]);
  });

  it('that is dead and did not leave is lost, at once', () => {
    const [trouble] = troublesIn(seen({ members: [...whole('a'), ...whole('b', { live: false })] }), limits);
    expect(trouble).toMatchObject({ kind: 'hostLost', subject: 'b', holdMs: 0, since: new Date(at.getTime() - 1000) });
    expect(trouble?.sentence).toContain('Host b has stopped renewing its lease and was not stopped in good order');
  });

  it('that was stopped in good order is no trouble, whatever of it was killed before', () => {
    const old = { live: false, startedAt: new Date(at.getTime() - 7_200_000) };
    const members = [member('b', 'worker', old), member('b', 'agent', old), ...whole('b', { live: false, left: true })];
    expect(keysOf({ members })).toEqual([]);
  });

  it('whose agent left in good order is no trouble although a worker of it had to be killed', () => {
    const members = [member('b', 'agent', { live: false, left: true }), member('b', 'worker', { live: false })];
    expect(keysOf({ members })).toEqual([]);
  });

  it('that somebody drains is no trouble when its machine goes, and neither while half of it is there', () => {
    expect(keysOf({ members: whole('b', { live: false, drained: true }) })).toEqual([]);
    expect(keysOf({ members: [member('b', 'agent', { drained: true })] })).toEqual([]);
  });

  it('that came back is no trouble', () => {
    expect(keysOf({ members: [...whole('b', { live: false }), ...whole('b')] })).toEqual([]);
  });

  it('without an agent or without a worker is given time to become whole', () => {
    const find = (members: SeenMember[]) => troublesIn(seen({ members }), limits)[0];
    expect(find([member('b', 'worker')])).toMatchObject({ subject: 'b', holdMs: 60_000 });
    expect(find([member('b', 'worker')])?.sentence).toContain('has no agent: it keeps no time');
    expect(find([member('b', 'agent')])?.sentence).toContain('has no worker: it runs and sends nothing');
  });

  it('whose clock is wrong is named with the difference', () => {
    const [trouble] = troublesIn(seen({ members: whole('b', { suspended: true, clockSkewMs: -90_000 }) }), limits);
    expect(trouble).toMatchObject({ kind: 'clockSkew', subject: 'b' });
    expect(trouble?.sentence).toContain("differs from MongoDB's by -90.0 s");
  });
});

describe('messages that wait', () => {
  it('are told with their number, their channels and where to look', () => {
    const oldestAt = new Date(at.getTime() - 600_000);
    const backlog = { count: 1000, more: true, oldestAt, channels: ['ops', 'web'] };
    const [trouble] = troublesIn(seen({ backlog }), limits);
    expect(trouble).toMatchObject({ kind: 'backlog', since: oldestAt, holdMs: 60_000 });
    expect(trouble?.sentence).toMatch(/^more than 1000 messages wait for longer than 5 min\. Channels: ops, web\./);
  });
});

describe('a broken channel', () => {
  const broken = (name: string) => ({ name, code: '93000', message: 'no such robot', since: at });

  it('is named with what its remote said', () => {
    const [trouble] = troublesIn(seen({ brokenChannels: [broken('ops')] }), limits);
    expect(trouble).toMatchObject({ kind: 'channelBroken', subject: 'ops', since: at });
    expect(trouble?.sentence).toContain('93000: no such robot');
  });

  it('is not told when it is the one that would tell', () => {
    expect(keysOf({ brokenChannels: [broken('self')] })).toEqual([]);
  });
});

describe('a loop of the agent', () => {
  const loops = [
    { name: 'sweeper', stalledMs: 59_000 },
    { name: 'definition feed', stalledMs: 61_000 },
  ];

  it('that gets nowhere for long is named with its host', () => {
    expect(keysOf({ loops })).toEqual(['loopStalled:a/definition feed']);
  });

  it('may rest while its host is suspended: that is said as the wrong clock', () => {
    expect(keysOf({ loops, members: whole('a', { suspended: true }) })).toEqual(['clockSkew:a']);
  });

  it('works again only where its own host says so', () => {
    expect(isOfOtherHost({ kind: 'loopStalled', subject: 'b/sweeper' }, 'a')).toBe(true);
    expect(isOfOtherHost({ kind: 'loopStalled', subject: 'a/sweeper' }, 'a')).toBe(false);
    expect(isOfOtherHost({ kind: 'hostLost', subject: 'b' }, 'a')).toBe(false);
  });
});
