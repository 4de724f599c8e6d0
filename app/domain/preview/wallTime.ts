/** Local times are ms since 1970-01-01 00:00 of the wall clock. */

const second = 1000;

/** `2027-03-14T03:00:00`, with the milliseconds where there are any. */
export function dateTimeText(local: number): string {
  const text = new Date(local).toISOString().slice(0, -1);
  return text.endsWith('.000') ? text.slice(0, -4) : text;
}

/** `2027-03-14` */
export function dateText(local: number): string {
  return dateTimeText(local).slice(0, 10);
}

/** `03:00`, with the seconds where there are any. */
export function timeText(local: number): string {
  const time = dateTimeText(local).slice(11);
  return time.endsWith(':00') ? time.slice(0, 5) : time;
}

/** `-04:00`; seconds only where a zone kept the sun's time. */
export function offsetText(offsetMs: number): string {
  const seconds = Math.abs(offsetMs) / second;
  const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  if (seconds % 60 !== 0) parts.push(seconds % 60);
  return (offsetMs < 0 ? '-' : '+') + parts.map(part => String(part).padStart(2, '0')).join(':');
}
