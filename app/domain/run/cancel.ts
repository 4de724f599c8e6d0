/** Who ends a run so that a newer one of its job may start. */
export const replacer = 'overlap: replace';

/** What the record of a cancelled run says. */
export function cancelled(by: string): { code: 'cancelled'; message: string } {
  const message = by === replacer ? `A newer run of the job took its place (${replacer}).` : `Cancelled by ${by}.`;
  return { code: 'cancelled', message };
}
