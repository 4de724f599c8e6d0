import { describe, expect, it } from 'vitest';
import { backfillLanes, catchUpLane, laneOf, queueOf, waitingPlace } from '../../../../app/domain/run/lane';
import { occurrenceId } from '../../../../app/domain/run/occurrence';
import {
  anywhere,
  hasLabels,
  labelsInWords,
  mayRunOn,
  noHost,
  ownLabels,
  placedOn,
  sharedPlacement,
} from '../../../../app/domain/run/placement';
import { jobOf } from '../../../support/job';

const everyHost = { on: 'every-host' as const, hostLabels: { zone: 'eu' } };
const labelled = { on: 'one' as const, hostLabels: { zone: 'eu' } };
const at = new Date('2026-11-21T01:10:00Z');

describe('placement', () => {
  it('asks of a host every label with its value', () => {
    expect(hasLabels({ zone: 'eu', disk: 'ssd' }, { zone: 'eu' })).toBe(true);
    expect(hasLabels({ zone: 'eu' }, { zone: 'eu', disk: 'ssd' })).toBe(false);
    expect(hasLabels({ zone: 'us' }, { zone: 'eu' })).toBe(false);
    expect(hasLabels({}, {})).toBe(true);
  });

  it('binds a run of every host to its host, and leaves one with labels to any host that has them', () => {
    expect(placedOn('a', everyHost)).toEqual({ boundTo: 'a' });
    expect(placedOn('a', labelled)).toEqual({ hostLabels: { zone: 'eu' } });
    expect(placedOn('a', anywhere)).toEqual({});
    const [a, b] = ['a', 'b'].map(id => ({ id, labels: { zone: 'eu' } }));
    if (a === undefined || b === undefined) throw new Error('no hosts');
    expect([mayRunOn({ boundTo: 'a' }, a), mayRunOn({ boundTo: 'a' }, b)]).toEqual([true, false]);
    expect([mayRunOn(labelled, b), mayRunOn(labelled, { id: 'c', labels: {} })]).toEqual([true, false]);
    expect(mayRunOn({}, { id: 'c', labels: {} })).toBe(true);
  });

  it('is one object for all jobs that ask for nothing', () => {
    expect(sharedPlacement({ on: 'one', hostLabels: {} })).toBe(anywhere);
    expect(sharedPlacement(labelled)).toBe(labelled);
    expect(sharedPlacement({ on: 'every-host', hostLabels: {} })).not.toBe(anywhere);
  });

  it('gives the series of every host the label of their host', () => {
    expect(ownLabels(jobOf({ placement: everyHost }), 'a')).toEqual({ host: 'a' });
    expect(ownLabels(jobOf({ placement: labelled }), 'a')).toEqual({});
  });

  it('says which labels no host has', () => {
    expect(labelsInWords({ zone: 'eu', disk: 'ssd' })).toBe('disk=ssd, zone=eu');
    expect(noHost({ zone: 'eu' }).message).toContain('zone=eu');
  });
});

describe('the keys of what every host runs', () => {
  it('are one for each host, of the run, its lanes and its waiting place', () => {
    expect(occurrenceId('job', at, 'host-a')).toBe('job@2026-11-21T01:10:00.000Z~host-a');
    const lane = laneOf({ job: 'job', boundTo: 'host-a' });
    expect([lane, waitingPlace(lane), catchUpLane(lane)]).toEqual([
      'job~host-a',
      'job~host-a:waiting',
      'job~host-a~catchup',
    ]);
    expect(backfillLanes(lane, 2).map(queueOf)).toEqual(['job~host-a~backfill~1', 'job~host-a~backfill~1']);
    expect(laneOf({ job: 'job' })).toBe('job');
  });
});
