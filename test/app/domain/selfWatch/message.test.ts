import { describe, expect, it } from 'vitest';
import { plainText, renderMessage } from '../../../../app/domain/message/render';
import { selfMessage } from '../../../../app/domain/selfWatch/message';
import type { Trouble } from '../../../../app/domain/selfWatch/types';

const since = new Date('2026-11-21T01:00:00Z');
const at = new Date('2026-11-21T01:10:00Z');
const trouble: Trouble = {
  kind: 'hostLost',
  subject: 'b',
  title: 'host b is lost',
  sentence: 'Host b is gone.',
  since,
};

describe('a message about Watchbell itself', () => {
  it('says what is wrong, since when, and how bad it is', () => {
    const text = plainText(renderMessage(selfMessage(trouble, 'begins', 1, at), false));
    expect(text).toMatch(/^FIRING · Watchbell: host b is lost · critical\n/);
    expect(text).toContain('since: 2026-11-21T01:00:00Z (for 10 min)');
    expect(text).toContain('note: Host b is gone.');
  });

  it('says that it lasts, and that it works again', () => {
    expect(plainText(renderMessage(selfMessage(trouble, 'lasts', 2, at), false))).toMatch(/^STILL FIRING · /);
    const end = plainText(renderMessage(selfMessage(trouble, 'ends', 3, at), false));
    expect(end).toMatch(/^RESOLVED · Watchbell: host b is lost/);
    expect(end).toContain('note: works again: ');
  });

  it('has one id for one trouble, and another for the next of the same kind', () => {
    const ids = [trouble, trouble, { ...trouble, since: at }].map(one => selfMessage(one, 'begins', 1, at).alertId);
    expect(ids[0]).toBe(ids[1]);
    expect(ids[0]).not.toBe(ids[2]);
  });
});
