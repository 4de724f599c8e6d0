import { fork } from 'node:child_process';
import path from 'node:path';
import { BenchError } from './errors';
import { type Message, messageSchema, type Task } from './protocol';
import type { Subject } from './subjects';

const execArgv = ['--expose-gc', '--max-old-space-size=8192'];
const keptOutput = 2000;

/** Measures in a fresh process; throws a BenchError with its last words when it ends without an answer in time. */
export function measureOnce(subject: Subject, task: Task, limitMs: number): Promise<Message> {
  const child = fork(path.join(__dirname, subject.entry), [JSON.stringify(task)], {
    execArgv,
    env: { ...process.env, TZ: 'UTC' },
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  let output = '';
  child.stderr?.on('data', (data: Buffer) => {
    output = `${output}${data.toString()}`.slice(-keptOutput);
  });
  return new Promise((resolve, reject) => {
    const fail = (why: string) => reject(new BenchError(`${subject.name}, ${JSON.stringify(task)}: ${why}\n${output}`));
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      fail(`no answer within ${limitMs} ms`);
    }, limitMs);
    let message: Message | undefined;
    child.on('message', data => {
      message = messageSchema.parse(data);
    });
    child.on('error', error => fail(error.message));
    child.on('close', code => {
      clearTimeout(timer);
      if (message === undefined) fail(`ended with code ${code} and no answer`);
      else resolve(message);
    });
  });
}
