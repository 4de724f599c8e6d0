import { describe, expect, it } from 'vitest';
import { evaluate } from '../../../../app/domain/alert/evaluate';
import type { Alert, CheckResult } from '../../../../app/domain/alert/types';
import { failed, jobWith, minute, noData, value } from './fixture';

const job = jobWith();
const own = { host: 'a' };

function at(n: number, result: CheckResult, alerts: readonly Alert[] = [], leftBehind: readonly Alert[] = []) {
  return evaluate({ job, result, alerts, leftBehind, ownLabels: own, scheduledAt: minute(n), fence: 1 });
}

const only = (alerts: readonly Alert[]): Alert => {
  const [alert] = alerts;
  if (alert === undefined || alerts.length !== 1) throw new Error(`${alerts.length} alerts`);
  return alert;
};

/** Fires at minute 0 on this host. */
const firing = () => only(at(0, value(101, { disk: 'sda' })).alerts);

describe('the evaluation of a job that every host runs', () => {
  it('gives each series the label of its host, and mutes can match it', () => {
    const alert = firing();
    expect(alert).toMatchObject({ state: 'firing', series: { disk: 'sda', host: 'a' } });
    expect(alert.labels).toMatchObject({ disk: 'sda', host: 'a', team: 'web', job: job.name });
    expect(alert.outbox[0]?.message.series).toEqual({ disk: 'sda', host: 'a' });
  });

  it('tells an error and an empty answer before any series is known by the host alone', () => {
    for (const result of [failed, noData]) expect(only(at(0, result).alerts).series).toEqual(own);
  });

  it('takes back the trouble without series when the host answers again', () => {
    const troubled = only(at(0, failed).alerts);
    const works = only(at(1, value(1), [troubled]).alerts);
    expect(works.outbox.map(({ kind, message }) => [kind, message.note])).toEqual([
      ['error', null],
      ['resolved', 'works again'],
    ]);
  });

  it('takes no answer that names hosts itself: two meanings of one label would be a guess', () => {
    const judged = only(at(0, value(1, { host: 'db1' })).alerts);
    expect(judged).toMatchObject({ state: 'error', series: own, error: { code: 'ownLabel' } });
  });

  it('closes at once what no host evaluates any more, and takes back what was told of it', () => {
    const gone: Alert = { ...firing(), series: { host: 'away' }, outbox: [] };
    const { alerts, transitions } = at(1, value(1, { disk: 'sda' }), [firing()], [gone]);
    const closed = alerts.find(alert => alert.series['host'] === 'away');
    expect(closed).toMatchObject({ closed: true, state: 'ok' });
    expect(closed?.outbox.map(({ kind, message }) => [kind, message.note])).toEqual([['resolved', 'resolved: gone']]);
    const notes = transitions.filter(({ to, from }) => from === 'firing' && to === 'ok').map(({ note }) => note);
    expect(notes).toContain('gone: no host evaluates this series any more, closed');
  });

  it('says nothing when what it closes had told nothing', () => {
    const quiet: Alert = { ...only(at(0, value(1)).alerts), series: {} };
    expect(at(1, value(1), [], [quiet]).alerts.flatMap(({ outbox }) => outbox)).toEqual([]);
  });
});
