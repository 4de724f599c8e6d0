import { describe, expect, it } from 'vitest';
import { CalmLog } from '../../../../app/service/delivery/calmLog';
import { RecordedLog } from '../../../support/log';

describe('the log of a loop', () => {
  it('says each kind of error once a minute', () => {
    let now = 0;
    const log = new RecordedLog();
    const calm = new CalmLog(log, () => now);
    for (let turn = 0; turn < 50; turn += 1) calm.error('delivery.due', new Error(`away ${turn}`));
    calm.error('delivery.relay', new Error('away'));
    calm.error('delivery.due', new RangeError('another kind'));
    expect(log.lines.map(line => line.event)).toEqual(['delivery.due', 'delivery.relay', 'delivery.due']);
    now = 60_000;
    calm.error('delivery.due', new Error('away again'));
    expect(log.lines).toHaveLength(4);
  });
});
