/** What a member's document says of its process. */
export interface SeenProcess {
  role: 'agent' | 'worker';
  state: 'live' | 'dead';
  suspended: boolean;
  /** Set once it has begun to end. */
  drainingAt?: Date | undefined;
}

export type MemberState = 'live' | 'suspended' | 'draining' | 'dead';

/** `incomplete`: some of its processes live, but not an agent and a worker, so that it has no part in the work. */
export type HostState = MemberState | 'incomplete';

/** What asks for a person's hand comes first: dead, then suspended (its clock is wrong), then draining (somebody wants that). */
export function memberState(member: SeenProcess, hostDrains: boolean): MemberState {
  if (member.state === 'dead') return 'dead';
  if (member.suspended) return 'suspended';
  return hostDrains || member.drainingAt !== undefined ? 'draining' : 'live';
}

/** Whether its host may be given work as far as this process goes. */
export function takesWork(member: SeenProcess, hostDrains: boolean): boolean {
  return memberState(member, hostDrains) === 'live';
}

/** `drained`: somebody asked for it by the API. In the order of memberState; a host that is not whole is told as such. */
export function hostState(own: readonly SeenProcess[], drained: boolean): HostState {
  const live = own.filter(member => member.state === 'live');
  if (live.length === 0) return 'dead';
  if (live.some(member => member.suspended)) return 'suspended';
  if (drained || stopsSince(own) !== null) return 'draining';
  const roles = new Set(live.map(member => member.role));
  return roles.has('agent') && roles.has('worker') ? 'live' : 'incomplete';
}

/** Since when a host's server is being stopped: that is when each of its workers ends. Null where one goes on. */
export function stopsSince(own: readonly SeenProcess[]): Date | null {
  const workers = own.filter(member => member.state === 'live' && member.role === 'worker');
  const since = workers.flatMap(({ drainingAt }) => drainingAt ?? []);
  if (workers.length === 0 || since.length < workers.length) return null;
  return new Date(Math.min(...since.map(at => at.getTime())));
}
