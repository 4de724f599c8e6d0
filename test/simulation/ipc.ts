import type { SimProcess } from './process';

/** How the messages of one machine travel. */
export interface IpcConditions {
  usualMs: number;
  lost: number;
  twice: number;
}

type Listener = (data: unknown) => void;

/** What one process hears: the listeners that its code has set up. */
export class Mailbox {
  private readonly listeners = new Map<string, Listener[]>();

  constructor(readonly process: SimProcess) {}

  on(action: string, listener: Listener): void {
    this.listeners.set(action, [...(this.listeners.get(action) ?? []), listener]);
  }

  hear(action: string, data: unknown): void {
    for (const listener of this.listeners.get(action) ?? []) listener(data);
  }
}

/** A message on its way through the master: copied, late, lost or doubled. One to a dead process is lost. */
export function post(to: Mailbox, action: string, data: unknown, { usualMs, lost, twice }: IpcConditions): void {
  const { timeline, random } = to.process.world;
  const text = JSON.stringify(data) ?? 'null';
  const copies = random.chance(lost) ? 0 : random.chance(twice) ? 2 : 1;
  for (let copy = 0; copy < copies; copy += 1) {
    const message: unknown = JSON.parse(text);
    to.process.arrive(timeline.now + random.span(usualMs), 'ipc', action, () => to.hear(action, message));
  }
}
