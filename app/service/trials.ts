import { randomUUID } from 'node:crypto';
import type { AnyChannel } from '../channel/types';
import { ChannelError, NotFoundError, SourceError } from '../domain/errors';
import type { AlertMessage } from '../domain/message/types';
import type { AnySource, QueryContext } from '../source/types';
import type { OpenRemote, RemoteDefinitions } from './definition/remotes';

/** What came of trying a source or a channel for real. */
export interface Trial {
  ok: boolean;
  /** What the remote said. */
  answer: string | null;
  error: { code: string; message: string } | null;
  tookMs: number;
}

export interface TrialPorts {
  sources: { definitions: RemoteDefinitions; kinds: ReadonlyMap<string, AnySource> };
  channels: { definitions: RemoteDefinitions; kinds: ReadonlyMap<string, AnyChannel> };
  /** What every query gets besides what is its own. */
  queryContext: Omit<QueryContext, 'queryId' | 'timeoutMs' | 'signal'>;
  channelOutbound: Parameters<AnyChannel['send']>[2]['outbound'];
}

/** Wall limit of a trial in ms. */
const trialMs = 10_000;

/** Tries stored sources and channels for real: a person waits for what the remote says. */
export class Trials {
  constructor(private readonly ports: TrialPorts) {}

  /** Throws NotFoundError; what the remote refuses is in the answer. */
  async source(name: string): Promise<Trial> {
    const { definitions, kinds } = this.ports.sources;
    const { remote, plug } = found(await definitions.load(name), kinds, `source "${name}"`);
    return await attempt(async signal => {
      const context = {
        ...this.ports.queryContext,
        queryId: `watchbell-test-${randomUUID()}`,
        timeoutMs: trialMs,
        signal,
      };
      return (await plug.test(remote.settings, context)).message;
    });
  }

  /** Sends a message that says that it is a test. A success heals a broken channel. Throws NotFoundError. */
  async channel(name: string): Promise<Trial> {
    const { definitions, kinds } = this.ports.channels;
    const { remote, plug } = found(await definitions.load(name), kinds, `channel "${name}"`);
    const trial = await attempt(async signal => await this.sendTest(name, remote, plug, signal));
    if (trial.ok) await definitions.heal(name);
    return trial;
  }

  private async sendTest(name: string, remote: OpenRemote, plug: AnyChannel, signal: AbortSignal): Promise<string> {
    const now = new Date();
    const idempotencyKey = `test:${randomUUID()}`;
    const context = { possibleDuplicate: false, link: null };
    const answers: string[] = [];
    for (const part of plug.parts(remote.settings, testMessage(name, now), context)) {
      const outbound = this.ports.channelOutbound;
      const sending = { idempotencyKey, fence: 1, signal, timeoutMs: trialMs, now, outbound };
      answers.push((await plug.send(remote.settings, part, sending)).answer);
    }
    return answers.join('\n');
  }
}

function found<Plug>(remote: OpenRemote | null, kinds: ReadonlyMap<string, Plug>, what: string) {
  if (remote === null) throw new NotFoundError(`There is no ${what}.`);
  const plug = kinds.get(remote.kind);
  if (plug === undefined)
    throw new NotFoundError(`The ${what} is of kind "${remote.kind}", which this server does not know.`);
  return { remote, plug };
}

async function attempt(task: (signal: AbortSignal) => Promise<string>): Promise<Trial> {
  const startedAt = performance.now();
  const tookMs = () => Math.round(performance.now() - startedAt);
  try {
    const answer = await task(AbortSignal.timeout(trialMs));
    return { ok: true, answer, error: null, tookMs: tookMs() };
  } catch (error) {
    if (!(error instanceof SourceError || error instanceof ChannelError)) throw error;
    return { ok: false, answer: null, error: { code: error.code, message: error.message }, tookMs: tookMs() };
  }
}

function testMessage(channel: string, now: Date): AlertMessage {
  return {
    alertId: 'test',
    seq: 1,
    kind: 'resolved',
    job: 'test',
    title: `Test of the channel ${channel}`,
    labels: {},
    series: {},
    value: null,
    condition: 'a test',
    from: 'firing',
    since: now,
    scheduledAt: now,
    error: null,
    note: 'Somebody tried this channel: there is no alert behind it.',
  };
}
