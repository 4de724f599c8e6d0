import { describe, expect, it } from 'vitest';
import { RunCancelledError } from '../../../../app/domain/run/errors';
import { WorkSignal } from '../../../../app/service/run/workSignal';

const cancellation = new RunCancelledError('someone', 1000);

describe('What ends the work of a run before its time', () => {
  it('ends an attempt whose time is over, not the next one', () => {
    const work = new WorkSignal();
    const first = work.signal;
    work.timeOut();
    work.renew();
    expect([first.aborted, work.signal.aborted, work.isAborted]).toEqual([true, false, false]);
  });

  it('ends every further attempt of a run that was cancelled, and lets the result of the work be recorded', () => {
    const work = new WorkSignal();
    work.cancel(cancellation);
    work.renew();
    expect([work.signal.reason, work.lostSignal.aborted, work.isAborted]).toEqual([cancellation, false, false]);
    expect(() => work.throwIfAborted()).not.toThrow();
  });

  it('lets nothing of a run have an effect whose lease is lost, whoever asked for its signal and when', () => {
    const [before, after] = [new WorkSignal(), new WorkSignal()];
    const reason = new Error('The lease is lost.');
    const early = before.lostSignal;
    for (const work of [before, after]) work.abort(reason);
    after.renew();
    expect([early.reason, after.lostSignal.reason, after.signal.reason]).toEqual([reason, reason, reason]);
    expect(() => after.throwIfAborted()).toThrow(reason);
  });
});
