export type Labels = Readonly<Record<string, string>>;

export interface SeriesPoint {
  labels: Labels;
  value: number;
}

export type MessageKind = 'firing' | 'resolved' | 'noData' | 'error' | 'repeat';

/** What a message says, before any channel gives it a form. Plain data: it is stored in the outbox and the delivery. */
export interface AlertMessage {
  alertId: string;
  seq: number;
  kind: MessageKind;
  job: string;
  title: string;
  /** The job's labels (team, severity, …). */
  labels: Labels;
  series: Labels;
  value: number | null;
  /** The rule in words, such as `> 100`. */
  condition: string;
  /** The state before. */
  from: 'ok' | 'pending' | 'firing' | 'noData' | 'error';
  /** Since when the trouble lasts. */
  since: Date;
  /** The occurrence that decided this message. */
  scheduledAt: Date;
  error: { code: string; message: string } | null;
  /** A sentence for the reader, such as "was firing", "works again", "resolved: gone". */
  note: string | null;
}
