import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { markdownContent, textContent } from '../../../../app/channel/wecomRobot/content';
import { renderMessage } from '../../../../app/domain/message/render';
import type { AlertMessage } from '../../../../app/domain/message/types';
import { alertMessage } from '../../../support/alertMessage';

const link = 'https://watchbell.example/alerts/online-404.41.3f9c01ab77e2d410';
const rendered = (changes: Partial<AlertMessage> = {}) => renderMessage(alertMessage(changes), true);

describe('the markdown of a WeCom message', () => {
  it('shows a coloured state, the facts as a quote and a link to the full text', () => {
    expect(markdownContent(rendered(), link)).toBe(
      [
        '<font color="warning">FIRING</font> 404 online · critical',
        '>possible duplicate: an earlier send of this message may have arrived',
        '>job: online-404',
        '>value: 217 (fires when > 100)',
        '>since: 2026-11-21T01:00:00Z (for 10 min)',
        '>checked: 2026-11-21T01:10:00Z',
        '>id: 3f9c01ab#7',
        '>series: host=web-1, path=/missing',
        `[full text](${link})`,
      ].join('\n'),
    );
  });

  it('is green when resolved and grey when nobody knows', () => {
    expect(markdownContent(rendered({ kind: 'resolved' }), null)).toContain('<font color="info">RESOLVED</font>');
    expect(markdownContent(rendered({ kind: 'noData' }), null)).toContain('<font color="comment">NO DATA</font>');
  });

  it.each([
    ['a mention', '<@all> <@zhang>', /<@/],
    ['a colour', '<font color="info">RESOLVED</font>', /<font color="info"/],
    ['a link', '[click](https://evil.example)', /\]\(https:\/\/evil/],
    ['bold and code', '**RESOLVED** `x`', /[*`]/],
    ['an encoded tag', '&lt;@all&gt; &#60;@all&#62;', /&lt;|&#60;/],
  ])('does not let text of others forge %s', (_, hostile, forged) => {
    const changes = {
      title: hostile,
      labels: { severity: hostile },
      series: { [hostile]: hostile },
      note: hostile,
      error: { code: hostile, message: hostile },
    };
    expect(markdownContent(rendered(changes), link)).not.toMatch(forged);
    expect(textContent(rendered(changes))).not.toMatch(forged);
  });

  it('does not let text of others begin a line, which could be a heading or a quote', () => {
    const lines = markdownContent(rendered({ note: 'x\n# big\n> quote\r\n- item' }), null).split('\n');
    expect(lines.filter(line => !line.startsWith('>') && !line.startsWith('<font'))).toEqual([]);
  });

  it('keeps what an address in a label says', () => {
    expect(markdownContent(rendered({ series: { path: '/x?a=1&b=2' } }), null)).toContain('path=/x?a=1&b=2');
  });

  it('is cut on a character boundary within 4,096 bytes and still ends with the link', () => {
    const error = { code: '62', message: '语法错误😀'.repeat(500) };
    const note = '<很>'.repeat(200);
    const content = markdownContent(rendered({ error, note, series: { path: '［*］'.repeat(300) } }), link);
    expect(Buffer.byteLength(content)).toBeLessThanOrEqual(4096);
    expect(Buffer.byteLength(content)).toBeGreaterThan(4096 - 8);
    expect(content.endsWith(`…\n[full text](${link})`)).toBe(true);
    expect(content).toContain('>id: 3f9c01ab#7\n');
  });

  it('says so where it is cut and there is no link', () => {
    const error = { code: '62', message: '<'.repeat(3000) };
    expect(markdownContent(rendered({ error }), null)).toMatch(/…\n\(cut at the limit of WeCom\)$/);
  });

  it('leaves out a link that would take the room of the message, and closes no link early', () => {
    expect(markdownContent(rendered(), `https://x/${'a'.repeat(1100)}`)).not.toContain('full text');
    expect(markdownContent(rendered(), 'https://x/a)b (c')).toContain('[full text](https://x/a%29b%20%28c)');
  });

  it('never exceeds the limits and leaves no tag open, whatever the alert says', () => {
    const text = fc.string({ unit: 'binary', maxLength: 3000 });
    fc.assert(
      fc.property(text, text, fc.constantFrom(null, link), (title, message, address) => {
        const shown = rendered({ title, note: message, series: { [title]: message }, error: { code: title, message } });
        const content = markdownContent(shown, address);
        expect(Buffer.byteLength(content)).toBeLessThanOrEqual(4096);
        expect(content.match(/</g)).toHaveLength(2);
        expect(content).not.toMatch(/\p{Cs}/u);
        expect(Buffer.byteLength(textContent(shown))).toBeLessThanOrEqual(2048);
      }),
      { numRuns: 60 },
    );
  });
});

describe('the text beside the mentions', () => {
  it('is short and says which message it belongs to', () => {
    expect(textContent(renderMessage(alertMessage(), false))).toBe(
      ['FIRING 404 online · critical', 'job: online-404', 'value: 217 (fires when > 100)', 'id: 3f9c01ab#7'].join('\n'),
    );
  });

  it('says when it may be a duplicate', () => {
    expect(textContent(rendered())).toContain('possible duplicate: ');
  });
});
