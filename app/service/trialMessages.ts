import type { AnyChannel } from '../channel/types';
import type { Alert, OutboxEntry } from '../domain/alert/types';
import { ChannelError } from '../domain/errors';
import type { Labels, MessageKind } from '../domain/message/types';
import type { OpenRemote } from './definition/remotes';
import { scrub, secretsOf } from './definition/secrets';

/** Messages as their channels would hand them over. */
export interface RenderedMessages {
  messages: TrialMessage[];
  /** Messages beyond the first 100; absent where there are none. */
  messagesOmitted?: number;
}

interface TrialMessage {
  channel: string;
  kind: MessageKind;
  series: Labels;
  /** What a person would read, all parts of it; empty where the channel could not take it. */
  text: string;
  /** The bodies of the remote messages in order. */
  bodies: unknown[];
  /** The mutes in force that would hold it. */
  mutedBy: string[];
  /** Why the channel could not take it. */
  error?: { code: string; message: string };
}

export interface TrialMessagePorts {
  /** The newest settings of a channel with its secrets open; null when there is none. */
  loadChannel(name: string): Promise<OpenRemote | null>;
  channels: ReadonlyMap<string, AnyChannel>;
  /** For each label set the ids of the mutes in force that hold it. */
  mutedBy(labels: readonly Labels[]): Promise<string[][]>;
  /** Address of an alert for people; null where none is set. */
  linkOf(alertId: string): string | null;
}

/** A person reads the first; a check of 1,000 series and 20 channels would answer 20,000. */
const mostMessages = 100;

/** Renders what an evaluation wants to tell, by the code that renders deliveries. */
export class TrialMessages {
  constructor(private readonly ports: TrialMessagePorts) {}

  /** The messages that `after` decided and `before` had not. */
  async of(after: readonly Alert[], before: readonly Alert[]): Promise<RenderedMessages> {
    const all = decided(after, before);
    const shown = all.slice(0, mostMessages);
    const remotes = await this.load(shown.map(({ channel }) => channel));
    const mutedBy = await this.ports.mutedBy(shown.map(({ labels }) => labels));
    const messages = shown.map(({ channel, entry }, index) => {
      const { kind, message } = entry;
      const rendered = this.rendered(channel, remotes.get(channel) ?? null, entry);
      return { channel, kind, series: message.series, ...rendered, mutedBy: mutedBy[index] ?? [] };
    });
    return { messages, ...(all.length > shown.length ? { messagesOmitted: all.length - shown.length } : {}) };
  }

  private async load(names: readonly string[]): Promise<Map<string, OpenRemote | null>> {
    const remotes = new Map<string, OpenRemote | null>();
    for (const name of new Set(names)) remotes.set(name, await this.ports.loadChannel(name));
    return remotes;
  }

  private rendered(channel: string, remote: OpenRemote | null, { message }: OutboxEntry) {
    const plug = remote === null ? undefined : this.ports.channels.get(remote.kind);
    if (remote === null || plug === undefined) {
      const reason =
        remote === null ? 'is not defined' : `is of kind "${remote.kind}", which this server does not know`;
      return { text: '', bodies: [], error: { code: 'noChannel', message: `The channel "${channel}" ${reason}.` } };
    }
    const secrets = secretsOf(remote.settings);
    const context = { possibleDuplicate: false, link: this.ports.linkOf(message.alertId) };
    try {
      const parts = plug.parts(remote.settings, message, context);
      const bodies = parts.map(({ body }) => withoutSecrets(body, secrets));
      return { text: scrub(parts.map(({ text }) => text).join('\n\n'), secrets), bodies };
    } catch (error) {
      if (!(error instanceof ChannelError)) throw error;
      return { text: '', bodies: [], error: { code: error.code, message: scrub(error.message, secrets) } };
    }
  }
}

/** A body as JSON, as the channel sends it. */
function withoutSecrets(body: unknown, secrets: readonly string[]): unknown {
  return JSON.parse(JSON.stringify(body), (_name, value: unknown) =>
    typeof value === 'string' ? scrub(value, secrets) : value,
  );
}

function decided(after: readonly Alert[], before: readonly Alert[]) {
  const known = new Map(before.map(({ alertId, seq }) => [alertId, seq]));
  return after.flatMap(({ alertId, labels, outbox }) =>
    outbox
      .filter(({ seq }) => seq > (known.get(alertId) ?? 0))
      .flatMap(entry => entry.channels.map(channel => ({ channel, entry, labels }))),
  );
}
