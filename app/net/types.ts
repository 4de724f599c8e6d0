/** Where outgoing connections to user-given addresses may go (design.md §9). */
export interface OutboundPolicy {
  /** Sources may reach private ranges; channels only those in allowNets. */
  purpose: 'source' | 'channel';
  /** CIDR ranges that are allowed besides public addresses (WATCHBELL_ALLOW_NETS). */
  allowNets: readonly string[];
  /** Loopback is refused unless this setting allows it (WATCHBELL_ALLOW_LOOPBACK). */
  allowLoopback: boolean;
}
