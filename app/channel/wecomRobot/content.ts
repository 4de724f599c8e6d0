import { type Line, type RenderedMessage, truncateUtf8 } from '../../domain/message/render';

/** Bytes of UTF-8 that WeCom takes in one `content` (group robot, path 99110). */
const contentLimits = { markdown: 4096, text: 2048 } as const;

/** Longer links are left out: they would take the room of the message itself. */
const longestLink = 1000;

/** The colours that WeCom's markdown knows: info is green, warning orange, comment grey. */
const colours = { bad: 'warning', unknown: 'comment', good: 'info' } as const;

/**
 * The message as WeCom markdown, at most 4,096 bytes. Markup that must be closed stands before the first text of others,
 * so that a cut leaves nothing open; the link to the full text is never cut.
 */
export function markdownContent(rendered: RenderedMessage, link: string | null): string {
  const head = `<font color="${colours[rendered.tone]}">${rendered.state}</font> ${escapeMarkup(titleText(rendered))}`;
  const text = [head, ...rendered.lines.map(line => `>${escapeMarkup(lineText(line))}`)].join('\n');
  const address = markdownLink(link);
  if (address === null) return truncateUtf8(text, contentLimits.markdown, '…\n(cut at the limit of WeCom)');
  const whole = `${text}\n${address}`;
  const fits = Buffer.byteLength(whole) <= contentLimits.markdown;
  return fits ? whole : truncateUtf8(text, contentLimits.markdown, `…\n${address}`);
}

/** What stands beside the mentions, at most 2,048 bytes: enough to know which message it belongs to. */
export function textContent(rendered: RenderedMessage): string {
  const facts = rendered.lines.filter(({ label }) => label !== null && briefLabels.has(label)).map(lineText);
  const text = [`${rendered.state} ${titleText(rendered)}`, ...facts].join('\n');
  return truncateUtf8(escapeMarkup(text), contentLimits.text, '…');
}

const briefLabels = new Set(['possible duplicate', 'job', 'value', 'id']);

function titleText({ title, severity }: RenderedMessage): string {
  return severity === null ? title : `${title} · ${severity}`;
}

function lineText({ label, text }: Line): string {
  return label === null ? text : `${label}: ${text}`;
}

/** WeCom's markup has no escape: what could begin a mention, a tag, a link, bold or code gets a twin that looks alike. */
const twins: Record<string, string> = { '<': '＜', '[': '［', ']': '］', '*': '＊', '`': 'ˋ' };

/** Text of others as WeCom may show it: it cannot mention anybody, colour, link or be decoded into a tag. */
function escapeMarkup(text: string): string {
  return text.replace(/[<[\]*`]/g, character => twins[character] ?? '').replace(/&(?=#?\w{1,31};)/g, '＆');
}

function markdownLink(link: string | null): string | null {
  if (link === null) return null;
  const address = link.replace(/[()<>\s]/g, character => `%${character.charCodeAt(0).toString(16).padStart(2, '0')}`);
  return Buffer.byteLength(address) > longestLink ? null : `[full text](${address})`;
}
