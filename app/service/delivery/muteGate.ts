import type { ClientSession } from 'mongodb';
import type { Labels } from '../../domain/message/types';
import { MatcherJudge } from '../../domain/mute/match';
import type { MuteDoc } from '../../model/mute';
import type { Mutes } from '../../repository/mutes';

/** Asks the primary which mutes hold a message: no cache, no host's clock. */
export class MuteGate {
  private readonly judge = new MatcherJudge();

  constructor(private readonly mutes: Mutes) {}

  /** Ids of the mutes in force that hold these labels; binding in the session of the claim. */
  async holding(labels: Labels, session?: ClientSession): Promise<string[]> {
    return this.among(await this.mutes.active({ session, job: labels['job'] }), labels);
  }

  /** All mutes in force. */
  async active(): Promise<MuteDoc[]> {
    return await this.mutes.active();
  }

  /** Ids of those that hold these labels. */
  among(active: readonly MuteDoc[], labels: Labels): string[] {
    return active.filter(mute => this.judge.matches(mute.matchers, labels)).map(mute => mute._id);
  }
}
