import { describe, expect, it } from 'vitest';
import { DatabaseClock } from '../../../app/cluster/databaseClock';
import { VirtualClocks } from '../../support/virtualClock';

/** A clock and a MongoDB whose clock is `aheadMs` before this host's. */
function world() {
  const clocks = new VirtualClocks();
  const clock = new DatabaseClock(clocks);
  const state = { aheadMs: 0 };
  const truth = () => clocks.wall() + state.aheadMs;
  /** A request whose way there takes `there` ms and back `back` ms. */
  const ask = (there: number, back: number) => {
    const sent = clocks.monotonic();
    clocks.pass(there);
    const answered = new Date(truth());
    clocks.pass(back);
    clock.measure(answered, sent);
  };
  return { clocks, clock, state, ask, errorMs: () => clock.now().getTime() - truth() };
}

describe('DatabaseClock', () => {
  it('goes on by monotonic time between measurements', () => {
    const { clocks, ask, errorMs } = world();
    ask(1, 1);
    clocks.pass(3000);
    expect(errorMs()).toBe(0);
  });

  it('keeps what it knows better when an answer was slow on one way', () => {
    const { clocks, ask, errorMs } = world();
    ask(1, 1);
    clocks.pass(3000);
    ask(0, 60);
    expect(Math.abs(errorMs())).toBeLessThanOrEqual(1);
  });

  it('takes a fast answer over an old slow one', () => {
    const { clocks, ask, errorMs } = world();
    ask(0, 80);
    expect(Math.abs(errorMs())).toBe(40);
    clocks.pass(3000);
    ask(1, 1);
    expect(errorMs()).toBe(0);
  });

  it("follows a step of MongoDB's clock at once", () => {
    const { clocks, state, ask, errorMs } = world();
    ask(1, 1);
    clocks.pass(3000);
    state.aheadMs = 60_000;
    ask(5, 5);
    expect(errorMs()).toBe(0);
  });

  it("tells how far this host's clock is from MongoDB's", () => {
    const { clock, state, ask } = world();
    state.aheadMs = 4000;
    ask(1, 1);
    expect(clock.skewMs()).toBe(-4000);
  });

  it('notices that wall and monotonic time went apart', () => {
    const { clocks, clock, ask } = world();
    ask(1, 1);
    clocks.stepWall(700);
    expect(clock.driftMs()).toBe(700);
  });
});
