import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from '../../../tools/cluster/eventually';
import { serveWith } from '../cluster/serve';
import { AgendaCluster } from './agendaCluster';

/** With a lock of 5 s, the least that it can do with; its default of 10 minutes stops a killed process's schedules for that long. */
const lockMs = 5000;
const tailMs = 15_000;
/** As long as Egg takes to start a worker in place of a killed one. */
const startAgainMs = 1000;

serveWith('kill', async ({ mongodbUrl, schedules, seconds, workMs }, started) => {
  const agenda = await started
    .add(new AgendaCluster(mongodbUrl, { processEveryMs: 200, lockMs, workMs }), one => one.close())
    .start();
  await agenda.schedule(0, schedules, '* * * * * *');
  const from = Math.ceil((Date.now() + 2000) / 1000) * 1000;
  const to = from + seconds * 1000;
  await sleep(from + (seconds / 3) * 1000 - Date.now());
  const { pid, inFlight } = await eventually('a process runs something', () => busy(agenda));
  agenda.kill(pid);
  await sleep(startAgainMs);
  await agenda.startProcess();
  await sleep(to + tailMs - Date.now());
  const starts = agenda.calls.filter(({ phase, at }) => phase === 'start' && at >= from && at < to);
  const perSecond = new Map<string, number>();
  for (const { index, at } of starts) {
    const key = `${index}@${Math.floor(at / 1000)}`;
    perSecond.set(key, (perSecond.get(key) ?? 0) + 1);
  }
  const due = schedules * seconds;
  const twice = [...perSecond.values()].filter(count => count > 1).length;
  const begun = inFlight.map(call => `${call.index}@${Math.floor(call.at / 1000)}`);
  const rerun = begun.filter(key => (perSecond.get(key) ?? 0) > 1).length;
  const figures = { due, missed: due - perSecond.size, twice, inFlight: inFlight.length, takenOver: rerun };
  return { figures };
});

/** A process with what it has begun and not ended. One of the two may stand idle for long. */
function busy(agenda: AgendaCluster) {
  return agenda.pids.map(pid => ({ pid, inFlight: flying(agenda, pid) })).find(({ inFlight }) => inFlight.length > 0);
}

function flying(agenda: AgendaCluster, pid: number) {
  const own = agenda.calls.filter(call => call.pid === pid);
  const last = new Map(own.map(call => [call.index, call]));
  return [...last.values()].filter(call => call.phase === 'start');
}
