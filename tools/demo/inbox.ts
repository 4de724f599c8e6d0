import { setTimeout as sleep } from 'node:timers/promises';
import type { Narrator } from './narrator';
import type { WecomMessage, WecomReceiver } from './wecomReceiver';

/** Shows each message of the group as it arrives. */
export class Inbox {
  readonly shown: WecomMessage[] = [];
  private readonly stopped = new AbortController();
  private running: Promise<void> = Promise.resolve();

  constructor(
    private readonly receiver: WecomReceiver,
    private readonly narrator: Narrator,
  ) {}

  start(): void {
    this.running = this.run();
  }

  /** The first message from number `from` on whose headline begins with one of the words; null while there is none. */
  find(from: number, words: readonly string[]): WecomMessage | null {
    return this.shown.slice(from).find(one => words.some(word => headline(one).startsWith(word))) ?? null;
  }

  async stop(): Promise<void> {
    this.stopped.abort();
    await this.running;
  }

  private async run(): Promise<void> {
    while (!this.stopped.signal.aborted) {
      for (const message of this.receiver.messages.slice(this.shown.length)) {
        this.narrator.message('The group receives', message.content, message.at);
        this.shown.push(message);
      }
      await sleep(100, undefined, { signal: this.stopped.signal }).catch(() => undefined);
    }
  }
}

/** The first line without WeCom's markup. */
function headline({ content }: WecomMessage): string {
  const [first = ''] = content.split('\n');
  return first.replace(/<[^>]*>|[*#>]/g, '').trim();
}
