import { execFile, execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import https from 'node:https';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { inspect, promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { getHttp, type PostOptions, postHttp } from '../../../app/net/http';
import { eventually } from '../../support/eventually';
import { type HttpRemote, startHttpRemote } from '../../support/httpRemote';

let remote: HttpRemote;

beforeAll(async () => {
  remote = await startHttpRemote((response, url) => {
    if (url.startsWith('/hang')) return;
    if (url === '/redirect') return response.writeHead(302, { location: '/elsewhere' }).end('moved');
    if (url === '/error') return response.writeHead(500, { 'X-Code': '62' }).end('broken');
    if (url === '/cut')
      return response.writeHead(200, { 'content-length': '100' }).write('half', () => response.destroy());
    if (url === '/bomb') return response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('x'.repeat(5e6)));
    if (url === '/zipped') return response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('溢れ'));
    return response.end('taken');
  });
});
afterAll(() => remote.close());

function post(url: string, options: Partial<PostOptions> = {}) {
  return postHttp({
    url: url.startsWith('/') ? `http://127.0.0.1:${remote.port}${url}` : url,
    body: '{"a": "ü"}',
    timeoutMs: 5000,
    maxBytes: 100_000,
    signal: new AbortController().signal,
    policy: { purpose: 'source', allowNets: [], allowLoopback: true },
    ...options,
  });
}

describe('a POST to an address that a person gave', () => {
  it('sends the body byte for byte and answers status, headers and text', async () => {
    expect(await post('/error', { headers: { 'content-type': 'application/json' } })).toMatchObject({
      status: 500,
      headers: { 'x-code': '62' },
      body: 'broken',
    });
    expect(remote.requests.at(-1)).toMatchObject({
      body: '{"a": "ü"}',
      headers: { 'content-type': 'application/json', 'user-agent': 'watchbell' },
    });
  });

  it('takes a compressed answer', async () => {
    expect((await post('/zipped')).body).toBe('溢れ');
  });

  it('follows no redirect', async () => {
    const before = remote.requests.length;
    expect((await post('/redirect')).status).toBe(302);
    expect(remote.requests).toHaveLength(before + 1);
  });

  it('connects to the address that was checked, without asking DNS again', async () => {
    let asked = 0;
    const resolve = async () => {
      asked += 1;
      return [{ address: '127.0.0.1', family: 4 }];
    };
    const answer = await post(`http://pinned.invalid:${remote.port}/x`, { resolve });
    expect(answer.body).toBe('taken');
    expect(asked).toBe(1);
    expect(remote.requests.at(-1)?.headers.host).toBe(`pinned.invalid:${remote.port}`);
  });

  it.each(['127.0.0.1', 'localhost', '0x7f.1', '2130706433', '[::1]', '[::ffff:127.0.0.1]'])(
    'refuses http://%s without the setting, before anything is connected',
    async host => {
      const policy = { purpose: 'source', allowNets: [], allowLoopback: false } as const;
      const refused = post(`http://${host}:${remote.port}/`, { policy });
      await expect(refused).rejects.toMatchObject({ code: 'refused', options: {} });
      await expect(refused).rejects.toThrow(/WATCHBELL_ALLOW_LOOPBACK/);
    },
  );

  it('speaks http and https only', async () => {
    await expect(post('ftp://127.0.0.1/')).rejects.toMatchObject({ code: 'refused' });
  });

  it('ignores the proxy of the environment', async () => {
    process.env['http_proxy'] = 'http://127.0.0.1:1';
    try {
      expect((await post('/x')).status).toBe(200);
    } finally {
      delete process.env['http_proxy'];
    }
  });

  it('ends at its time limit and knows that the request may have arrived', async () => {
    const late = post('/hang', { timeoutMs: 200 });
    await expect(late).rejects.toMatchObject({ code: 'timeout', options: { sent: true } });
    await expect(late).rejects.toThrow(`127.0.0.1:${remote.port} did not answer within 200 ms`);
  });

  it('does not wait for DNS longer than its limit', async () => {
    const late = post('http://slow.invalid/', { timeoutMs: 100, resolve: () => new Promise(() => {}) });
    await expect(late).rejects.toMatchObject({ code: 'timeout', options: { sent: false } });
  });

  it('ends with the caller', async () => {
    const caller = new AbortController();
    const before = remote.requests.length;
    const hanging = post('/hang', { signal: caller.signal });
    await eventually('the request to arrive', () => remote.requests.length > before);
    caller.abort();
    await expect(hanging).rejects.toMatchObject({ code: 'aborted', options: { sent: true } });
    await expect(post('/x', { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'aborted' });
  });

  it('refuses an answer over its limit, compressed ones too', async () => {
    await expect(post('/x', { maxBytes: 4 })).rejects.toMatchObject({ code: 'tooLarge' });
    await expect(post('/bomb')).rejects.toMatchObject({ code: 'tooLarge' });
  });

  it('calls an answer that breaks off a network error of a request that was sent', async () => {
    await expect(post('/cut')).rejects.toMatchObject({ code: 'network', options: { sent: true } });
  });

  it('says that nobody listens, and that nothing was sent', async () => {
    const free = net.createServer().listen(0, '127.0.0.1');
    await once(free, 'listening');
    const address = free.address();
    free.close();
    await once(free, 'close');
    const port = address !== null && typeof address === 'object' ? address.port : 0;
    const refused = post(`http://127.0.0.1:${port}/`);
    await expect(refused).rejects.toMatchObject({ code: 'network', options: { sent: false } });
    await expect(refused).rejects.toThrow(/ECONNREFUSED/);
  });

  it('asks directly before the hand-over and sends nothing when told not to', async () => {
    const before = remote.requests.length;
    const beforeSend = () => {
      throw new Error('the lease is lost');
    };
    await expect(post('/x', { beforeSend })).rejects.toThrow('the lease is lost');
    expect(remote.requests).toHaveLength(before);
  });

  it('keeps user and password of the address out of its errors', async () => {
    const url = `http://root:hunter2@127.0.0.1:${remote.port}/hang?key=abc`;
    const error: unknown = await post(url, { timeoutMs: 100, headers: { 'x-key': 'abc' } }).catch(error => error);
    expect(error).toMatchObject({ code: 'timeout' });
    expect(inspect(error, { depth: 10 })).not.toMatch(/hunter2|abc/);
  });
});

describe('a GET of an address that a person gave', () => {
  const get = (allowLoopback: boolean) =>
    getHttp({
      url: `http://127.0.0.1:${remote.port}/beat`,
      timeoutMs: 5000,
      maxBytes: 1000,
      signal: new AbortController().signal,
      policy: { purpose: 'channel', allowNets: [], allowLoopback },
    });

  it('sends no body and is guarded as a POST is', async () => {
    expect(await get(true)).toMatchObject({ status: 200, body: 'taken' });
    expect(remote.requests.at(-1)).toMatchObject({ url: '/beat', body: '' });
    await expect(get(false)).rejects.toMatchObject({ code: 'refused' });
  });
});

describe('a POST over TLS', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'watchbell-tls-'));
  const key = path.join(folder, 'key.pem');
  const certificate = path.join(folder, 'certificate.pem');
  let server: https.Server;
  let port = 0;

  beforeAll(async () => {
    const subject = ['-subj', '/CN=tls.invalid', '-addext', 'subjectAltName=DNS:tls.invalid'];
    const files = ['-keyout', key, '-out', certificate];
    execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', ...subject, ...files], {
      stdio: 'ignore',
    });
    server = https.createServer({ key: readFileSync(key), cert: readFileSync(certificate) }, (request, response) => {
      request.pipe(response);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    if (address !== null && typeof address === 'object') port = address.port;
  });

  afterAll(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
    rmSync(folder, { recursive: true });
  });

  const resolve = async () => [{ address: '127.0.0.1', family: 4 }];

  it('sends nothing to a server whose certificate nobody vouches for', async () => {
    const refused = post(`https://tls.invalid:${port}/`, { resolve });
    await expect(refused).rejects.toMatchObject({ code: 'network', options: { sent: false } });
    await expect(refused).rejects.toThrow(/self-signed certificate/);
  });

  it('posts to a server with a certificate for its name', async () => {
    const script = `
      const { postHttp } = require('./app/net/http');
      const resolve = async () => [{ address: '127.0.0.1', family: 4 }];
      const policy = { purpose: 'source', allowNets: [], allowLoopback: true };
      const signal = new AbortController().signal;
      postHttp({ url: 'https://' + process.argv[1] + ':${port}/', body: 'echo', timeoutMs: 5000, maxBytes: 100, signal, policy, resolve })
        .then(answer => console.log(answer.status, answer.body), error => console.log(error.code, error.message));`;
    const say = async (host: string) => {
      const args = ['--require', 'ts-node/register/transpile-only', '-e', script, host];
      const env = { ...process.env, NODE_EXTRA_CA_CERTS: certificate };
      return (await promisify(execFile)(process.execPath, args, { env, cwd: path.join(__dirname, '../../..') })).stdout;
    };
    expect(await say('tls.invalid')).toBe('200 echo\n');
    expect(await say('other.invalid')).toMatch(/^network .*does not match certificate/);
  });
});
