export const troubleKinds = [
  'databaseAway',
  'hostLost',
  'clockSkew',
  'backlog',
  'channelBroken',
  'loopStalled',
] as const;

export type TroubleKind = (typeof troubleKinds)[number];

/** Something that keeps Watchbell itself from its work. */
export interface Trouble {
  kind: TroubleKind;
  /** Which one of its kind: a host, a channel, `host/loop`. Kind and subject together name it on every host. */
  subject: string;
  /** A few words: what is wrong. */
  title: string;
  /** What is wrong, what follows from it and where to look. */
  sentence: string;
  since: Date;
}

/** A trouble as one look finds it. */
export interface FoundTrouble extends Trouble {
  /** It must be found for this long before anyone is told: shorter, and it may pass by itself. In ms. */
  holdMs: number;
}

export function troubleKey({ kind, subject }: Pick<Trouble, 'kind' | 'subject'>): string {
  return `${kind}:${subject}`;
}
