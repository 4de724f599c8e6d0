import { readFileSync, readlinkSync } from 'node:fs';
import type { MemberDoc } from '../model/member';

export type ProcessIdentity = MemberDoc['process'];

/** Where a process of this machine runs; null for what the system does not say (not Linux). */
export function processIdentity(pid: number): ProcessIdentity {
  return {
    machineBootId: attempt(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()),
    pidNamespace: attempt(() => readlinkSync('/proc/self/ns/pid')),
    startTicks: attempt(() => startTicks(pid)),
  };
}

/**
 * Whether a process that said to be `identity` with `pid` is gone for certain: only its own machine and pid namespace
 * can tell, so everything else answers false.
 */
export function isGone(pid: number, identity: ProcessIdentity): boolean {
  const here = processIdentity(pid);
  if (!isSameMachine(identity, here)) return false;
  return here.startTicks !== identity.startTicks || isZombie(pid);
}

/** Whether both run on one machine and in one pid namespace, as far as the system says. */
export function isSameMachine(a: ProcessIdentity, b: ProcessIdentity): boolean {
  return (
    a.machineBootId !== null &&
    a.pidNamespace !== null &&
    a.machineBootId === b.machineBootId &&
    a.pidNamespace === b.pidNamespace
  );
}

/** Field 22 of /proc/<pid>/stat; the command in field 2 may itself hold spaces and parentheses. */
function startTicks(pid: number): string | null {
  return afterCommand(pid)[19] ?? null;
}

function isZombie(pid: number): boolean {
  return attempt(() => afterCommand(pid)[0] ?? null) === 'Z';
}

function afterCommand(pid: number): string[] {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}

/** The system has no such file: not Linux, or no such process. */
function attempt(read: () => string | null): string | null {
  try {
    return read();
  } catch {
    return null;
  }
}
