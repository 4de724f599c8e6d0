import type { AlertMessage, Labels } from './types';

/** One sentence of a message: what it tells, and the text, which is one line without control characters. */
export interface Line {
  label: string | null;
  text: string;
}

/** An alert message in words, before a channel gives it a form. Every text is one line; none is escaped for any markup. */
export interface RenderedMessage {
  /** What happened, in capitals: `FIRING`, `STILL FIRING`, `RESOLVED`, `NO DATA`, `CHECK FAILED` … */
  state: string;
  tone: 'bad' | 'unknown' | 'good';
  title: string;
  /** The job's label `severity`, when it has one. */
  severity: string | null;
  /** Short and the same for every send of this message, such as `3f9c01ab#7`: how a person recognises a duplicate. */
  id: string;
  /** The most needed first, so that a cut takes the least. */
  lines: Line[];
}

/** In bytes of UTF-8: no single text can push the other lines out of a message. */
const limits = { title: 200, severity: 64, series: 800, note: 400, error: 3000 } as const;

const duplicateSentence = 'an earlier send of this message may have arrived';

/** Words for a person woken at night. `possibleDuplicate` adds a line that says so. */
export function renderMessage(message: AlertMessage, possibleDuplicate: boolean): RenderedMessage {
  const severity = message.labels['severity'];
  return {
    ...stateOf(message),
    title: bounded(message.title === '' ? message.job : message.title, limits.title),
    severity: severity === undefined || severity === '' ? null : bounded(severity, limits.severity),
    id: shortId(message),
    lines: linesOf(message, possibleDuplicate),
  };
}

/** The message as plain text, one line a fact. */
export function plainText(rendered: RenderedMessage): string {
  const lines = rendered.lines.map(line => (line.label === null ? line.text : `${line.label}: ${line.text}`));
  return [headline(rendered), ...lines].join('\n');
}

/** `FIRING · 404 online · critical` */
export function headline(rendered: RenderedMessage): string {
  return [rendered.state, rendered.title, ...(rendered.severity === null ? [] : [rendered.severity])].join(' · ');
}

/**
 * Cuts to at most `maxBytes` of UTF-8, never inside a code point; what was cut ends with `tail`, which counts.
 * A tail that leaves no room for any text is left out. Lone surrogates count as the three bytes that they become.
 */
export function truncateUtf8(text: string, maxBytes: number, tail: string): string {
  if (Buffer.byteLength(text) <= maxBytes) return text;
  const room = maxBytes - Buffer.byteLength(tail);
  return room > 0 ? firstBytes(text, room) + tail : firstBytes(text, maxBytes);
}

function firstBytes(text: string, maxBytes: number): string {
  const { read } = new TextEncoder().encodeInto(text, new Uint8Array(Math.max(0, maxBytes)));
  return text.slice(0, read);
}

function stateOf({ kind, from }: AlertMessage): Pick<RenderedMessage, 'state' | 'tone'> {
  switch (kind) {
    case 'firing':
      return { state: 'FIRING', tone: 'bad' };
    case 'resolved':
      return { state: 'RESOLVED', tone: 'good' };
    case 'noData':
      return { state: 'NO DATA', tone: 'unknown' };
    case 'error':
      return { state: 'CHECK FAILED', tone: 'unknown' };
    case 'repeat':
      if (from === 'noData') return { state: 'STILL NO DATA', tone: 'unknown' };
      if (from === 'error') return { state: 'CHECK STILL FAILS', tone: 'unknown' };
      return { state: 'STILL FIRING', tone: 'bad' };
  }
}

function linesOf(message: AlertMessage, possibleDuplicate: boolean): Line[] {
  const { error, note, series } = message;
  const optional = (shown: boolean, label: string, text: () => string): Line[] =>
    shown ? [{ label, text: text() }] : [];
  return [
    ...optional(possibleDuplicate, 'possible duplicate', () => duplicateSentence),
    { label: 'job', text: oneLine(message.job) },
    { label: 'value', text: valueText(message) },
    { label: 'since', text: sinceText(message) },
    { label: 'checked', text: isoSeconds(message.scheduledAt) },
    { label: 'id', text: shortId(message) },
    ...optional(note !== null, 'note', () => bounded(note ?? '', limits.note)),
    ...optional(Object.keys(series).length > 0, 'series', () => bounded(labelsText(series), limits.series)),
    ...optional(error !== null, 'error', () => bounded(`${error?.code}: ${error?.message}`, limits.error)),
  ];
}

function valueText({ value, condition }: AlertMessage): string {
  const shown = value === null ? 'none' : numberText(value);
  return condition === '' ? shown : `${shown} (fires when ${oneLine(condition)})`;
}

function sinceText({ kind, since, scheduledAt }: AlertMessage): string {
  const span = scheduledAt.getTime() - since.getTime();
  if (span < 1000) return isoSeconds(since);
  return `${isoSeconds(since)} (${kind === 'resolved' ? 'lasted' : 'for'} ${durationText(span)})`;
}

/** Without the noise of binary fractions: 0.1 + 0.2 reads 0.3. */
function numberText(value: number): string {
  return String(Number(value.toPrecision(15)));
}

function labelsText(labels: Labels): string {
  const names = Object.keys(labels).sort();
  return names.map(name => `${name}=${labels[name]}`).join(', ');
}

/** The alert's own hash and the number of the message: `3f9c01ab#7`. */
function shortId({ alertId, seq }: AlertMessage): string {
  const hash = alertId.slice(alertId.lastIndexOf('.') + 1);
  return `${oneLine(hash).slice(0, 8)}#${seq}`;
}

/** `2026-11-21T01:10:00Z` */
function isoSeconds(at: Date): string {
  return `${at.toISOString().slice(0, 19)}Z`;
}

const units = [
  ['d', 86_400],
  ['h', 3600],
  ['min', 60],
  ['s', 1],
] as const;

/** The two largest units: `2 d 4 h`, `12 min 5 s`. */
function durationText(ms: number): string {
  let rest = Math.floor(ms / 1000);
  const words: string[] = [];
  for (const [unit, seconds] of units) {
    const count = Math.floor(rest / seconds);
    rest -= count * seconds;
    if (count > 0) words.push(`${count} ${unit}`);
    else if (words.length > 0) break;
    if (words.length === 2) break;
  }
  return words.join(' ');
}

function bounded(text: string, maxBytes: number): string {
  return truncateUtf8(oneLine(text), maxBytes, '…');
}

/**
 * Data of others may not break a line, hide text or turn its direction: white space becomes one space,
 * control and direction characters go, a lone surrogate becomes U+FFFD.
 */
function oneLine(text: string): string {
  return text
    .replace(/\p{Cs}/gu, '\uFFFD')
    .replace(/[\s\u0085\u2028\u2029]+/gu, ' ')
    .replace(/[\p{Cc}\u061C\u200B\u200E\u200F\u202A-\u202E\u2060-\u2069\uFEFF]/gu, '')
    .trim();
}
