import { periodMs, steps } from '../cluster/pathSteps';
import { processorTimeMs } from '../cluster/processorTime';
import { serveWith } from '../cluster/serve';
import { AgendaCluster } from './agendaCluster';

serveWith('path', async ({ mongodbUrl, mongodPid, loads, periods }, started) => {
  const options = { processEveryMs: 200, lockMs: null, workMs: 0 };
  const agenda = await started.add(new AgendaCluster(mongodbUrl, options), one => one.close()).start();
  let stored = 0;
  const grow = async (jobs: number) => {
    await agenda.schedule(stored, jobs, '*/10 * * * * *');
    stored = jobs;
  };
  const cpu = () => ({ node: processorTimeMs(agenda.pids), mongod: processorTimeMs([mongodPid]) });
  /** It keeps no occurrence: a start is of the instant before it. */
  const startsOf = async (from: number, to: number) => {
    const starts = agenda.calls.filter(({ phase, at }) => phase === 'start' && at >= from && at < to);
    const ids = starts.map(({ index, at }) => `${index}@${Math.floor(at / periodMs)}`);
    return { lateness: starts.map(({ at }) => at % periodMs), ids };
  };
  return await steps({ loads, periods, grow, cpu, startsOf });
});
