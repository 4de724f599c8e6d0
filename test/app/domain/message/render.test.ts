import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { headline, plainText, renderMessage, truncateUtf8 } from '../../../../app/domain/message/render';
import type { AlertMessage } from '../../../../app/domain/message/types';
import { alertMessage } from '../../../support/alertMessage';

const text = (changes: Partial<AlertMessage>, possibleDuplicate = false) =>
  plainText(renderMessage(alertMessage(changes), possibleDuplicate));

describe('a rendered message', () => {
  it('says job, state, value, condition, times and id, the most needed first', () => {
    expect(text({})).toBe(
      [
        'FIRING · 404 online · critical',
        'job: online-404',
        'value: 217 (fires when > 100)',
        'since: 2026-11-21T01:00:00Z (for 10 min)',
        'checked: 2026-11-21T01:10:00Z',
        'id: 3f9c01ab#7',
        'series: host=web-1, path=/missing',
      ].join('\n'),
    );
  });

  it('names each kind so that nobody confuses them', () => {
    const states = (['firing', 'resolved', 'noData', 'error', 'repeat'] as const).map(
      kind => renderMessage(alertMessage({ kind }), false).state,
    );
    expect(states).toEqual(['FIRING', 'RESOLVED', 'NO DATA', 'CHECK FAILED', 'STILL FIRING']);
  });

  it('says of a repeat what still lasts', () => {
    expect(renderMessage(alertMessage({ kind: 'repeat', from: 'noData' }), false).state).toBe('STILL NO DATA');
    expect(renderMessage(alertMessage({ kind: 'repeat', from: 'error' }), false).state).toBe('CHECK STILL FAILS');
  });

  it('tells of a resolved alert how long it lasted', () => {
    const since = new Date('2026-11-18T21:10:00Z');
    expect(text({ kind: 'resolved', since, value: 3 })).toContain('since: 2026-11-18T21:10:00Z (lasted 2 d 4 h)');
  });

  it.each([
    [999, ''],
    [1000, ' (for 1 s)'],
    [59_999, ' (for 59 s)'],
    [60_000, ' (for 1 min)'],
    [725_000, ' (for 12 min 5 s)'],
    [3_605_000, ' (for 1 h)'],
    [90_000_000, ' (for 1 d 1 h)'],
  ])('writes a span of %i ms as "%s"', (span, expected) => {
    const since = new Date('2026-11-21T01:00:00Z');
    const scheduledAt = new Date(since.getTime() + span);
    expect(text({ since, scheduledAt })).toContain(`since: 2026-11-21T01:00:00Z${expected}\n`);
  });

  it('shows the error with its code, and the note', () => {
    const shown = text({
      kind: 'error',
      value: null,
      error: { code: '62', message: 'Syntax error:\n  near "SELCT"' },
      note: 'was firing',
    });
    expect(shown).toContain('CHECK FAILED · 404 online');
    expect(shown).toContain('value: none (fires when > 100)');
    expect(shown).toContain('note: was firing');
    expect(shown).toContain('error: 62: Syntax error: near "SELCT"');
  });

  it('says when it may be a duplicate, before everything else', () => {
    const lines = text({}, true).split('\n');
    expect(lines[1]).toBe('possible duplicate: an earlier send of this message may have arrived');
  });

  it('keeps the id for every send of one message and changes it for the next', () => {
    const id = (seq: number, duplicate: boolean) => renderMessage(alertMessage({ seq }), duplicate).id;
    expect(id(7, true)).toBe(id(7, false));
    expect(id(8, false)).not.toBe(id(7, false));
  });

  it('reads 0.1 + 0.2 as 0.3', () => {
    expect(text({ value: 0.1 + 0.2 })).toContain('value: 0.3 ');
  });

  it('names the job where the title is empty, and no severity where there is none', () => {
    expect(headline(renderMessage(alertMessage({ title: '', labels: {} }), false))).toBe('FIRING · online-404');
  });

  it('keeps one enormous field from pushing out the others', () => {
    const huge = '很'.repeat(100_000);
    const shown = text({ title: huge, series: { path: huge }, note: huge, error: { code: 'x', message: huge } });
    expect(Buffer.byteLength(shown)).toBeLessThan(5000);
    expect(shown).toContain('error: x: 很');
  });

  it('shows half a character as U+FFFD, which every remote can read', () => {
    expect(text({ title: 'half \uD83D' })).toContain('FIRING · half \uFFFD');
  });

  it('lets no text of others break a line, hide something or turn its direction', () => {
    const nasty = fc.string({ unit: 'binary', maxLength: 60 });
    fc.assert(
      fc.property(nasty, nasty, nasty, (title, label, message) => {
        const rendered = renderMessage(
          alertMessage({ title, series: { [label]: label }, note: message, error: { code: 'e', message } }),
          true,
        );
        expect(plainText(rendered).split('\n')).toHaveLength(10);
        expect(plainText(rendered)).not.toMatch(/[\u2028\u2029\u202E\u200B]|\p{Cs}/u);
      }),
    );
  });
});

describe('truncateUtf8', () => {
  const sample = 'a中😀é👨‍👩‍👧文b🇨🇳。';
  const whole = new Set(prefixes(sample));

  it('cuts Chinese and emoji on a character boundary at every offset', () => {
    for (let max = 0; max <= Buffer.byteLength(sample) + 2; max++) {
      const cut = truncateUtf8(sample, max, '');
      expect(Buffer.byteLength(cut)).toBeLessThanOrEqual(max);
      expect(whole.has(cut), `${max}: ${cut}`).toBe(true);
      // No character more would have fitted.
      const next = [...sample][[...cut].length];
      if (next !== undefined) expect(Buffer.byteLength(cut + next)).toBeGreaterThan(max);
    }
  });

  it('ends a cut text with the tail, within the limit', () => {
    const tail = '…\n[full text](https://watchbell.example/alerts/1)';
    const cut = truncateUtf8('警'.repeat(2000), 4096, tail);
    expect(cut.endsWith(tail)).toBe(true);
    expect(Buffer.byteLength(cut)).toBeGreaterThan(4096 - 3);
    expect(Buffer.byteLength(cut)).toBeLessThanOrEqual(4096);
  });

  it('leaves a text that fits exactly as it is', () => {
    expect(truncateUtf8('中文', 6, '…')).toBe('中文');
  });

  it('leaves out a tail that would leave no room for text', () => {
    expect(truncateUtf8('abcdef', 3, '…')).toBe('abc');
  });

  it('never exceeds the limit, never splits a code point and keeps the beginning', () => {
    const any = fc.string({ unit: 'binary', maxLength: 200 });
    fc.assert(
      fc.property(any, fc.nat(400), fc.constantFrom('', '…', '…\n[全文](x)'), (text, max, tail) => {
        const cut = truncateUtf8(text, max, tail);
        expect(Buffer.byteLength(cut)).toBeLessThanOrEqual(max);
        expect(cut).not.toMatch(/\p{Cs}/u);
        const kept = cut === text || !cut.endsWith(tail) ? cut : cut.slice(0, cut.length - tail.length);
        expect(text.startsWith(kept)).toBe(true);
      }),
    );
  });

  it('never grows a text that holds lone surrogates beyond the limit', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom('\uD83D', '\uDE00', 'a', '中')), fc.nat(40), (units, max) => {
        expect(Buffer.byteLength(truncateUtf8(units.join(''), max, '…'))).toBeLessThanOrEqual(max);
      }),
    );
  });
});

function prefixes(text: string): string[] {
  const characters = [...text];
  return characters.map((_, index) => characters.slice(0, index).join('')).concat(text);
}
