import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { wecomRobot } from '../../../app/channel/wecomRobot';
import { WecomReceiver, wecomAnswer, wecomTroubles } from '../../../tools/demo/wecomReceiver';
import { alertMessage } from '../../support/alertMessage';
import { channelError } from '../../support/channelError';
import { sendContext } from '../../support/sendContext';

const key = '693a91f6-7d21-4bc4-97a0-0ec2f5a5aaaa';
const plain = { possibleDuplicate: false, link: null };
const settingsOf = (changes: object = {}) =>
  wecomRobot.settings.parse({ url: `https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=${key}`, ...changes });

describe('the settings of a WeCom robot', () => {
  it('need only the address', () => {
    expect(settingsOf()).toMatchObject({ mentions: [], onUncertain: 'retry', timeoutMs: 5000 });
  });

  it.each([
    ['no URL at all', { url: key }, 'Not a URL'],
    [
      'a URL without key',
      { url: 'https://qyapi.weixin.qq.com/cgi-bin/webhook/send' },
      'is missing: copy the whole webhook address',
    ],
    ['another scheme', { url: `ftp://x/?key=${key}` }, 'Only https and http'],
    ['a password in the URL', { url: `https://u:pw@x/?key=${key}` }, 'User and password'],
    ['a mention that would break the message', { mentions: ['<@all>'] }, 'Give a user id'],
    ['an unknown field', { mention: [] }, 'mention'],
    ['a timeout of 0', { timeoutMs: 0 }, 'outside of what is allowed'],
  ])('refuse %s without repeating the secret', (_, changes, sentence) => {
    const parsed = wecomRobot.settings.safeParse({ url: `https://x/?key=${key}`, ...changes });
    expect(parsed.error?.message).toContain(sentence);
    expect(parsed.error?.message).not.toContain(key);
    expect(parsed.error?.message).not.toContain('pw@');
  });
});

describe('the budget of a WeCom robot', () => {
  it('belongs to the robot, not to the channel, and does not show its key', () => {
    const budget = wecomRobot.budget(settingsOf());
    expect(budget).toEqual({ key: createHash('sha256').update(key).digest('hex'), limit: 20, windowMs: 60_000 });
    expect(wecomRobot.budget(settingsOf({ url: `http://relay/?a=1&key=${key}` }))).toEqual(budget);
    expect(wecomRobot.budget(settingsOf({ url: 'http://relay/?key=other' }))?.key).not.toBe(budget?.key);
  });
});

describe('the parts of a WeCom message', () => {
  const mentions = ['zhang', '@all', '13800001111', '+85251234567'];

  it('are one markdown where nobody is mentioned', () => {
    const [only, ...others] = wecomRobot.parts(settingsOf(), alertMessage(), plain);
    expect(only?.body).toMatchObject({
      msgtype: 'markdown',
      markdown: { content: expect.stringContaining('404 online') },
    });
    expect(others).toEqual([]);
  });

  it.each(['firing', 'repeat', 'noData', 'error'] as const)('call the named people when the kind is %s', kind => {
    const [, text] = wecomRobot.parts(settingsOf({ mentions }), alertMessage({ kind }), plain);
    expect(text?.body).toMatchObject({
      msgtype: 'text',
      text: { mentioned_list: ['zhang', '@all'], mentioned_mobile_list: ['13800001111', '+85251234567'] },
    });
  });

  it('call nobody at night because something is resolved', () => {
    expect(wecomRobot.parts(settingsOf({ mentions }), alertMessage({ kind: 'resolved' }), plain)).toHaveLength(1);
  });

  it('leave out an empty list', () => {
    const [, text] = wecomRobot.parts(settingsOf({ mentions: ['zhang'] }), alertMessage(), plain);
    expect(JSON.stringify(text?.body)).not.toContain('mentioned_mobile_list');
  });
});

describe('sending to a WeCom robot', () => {
  let receiver: WecomReceiver;
  beforeEach(async () => {
    receiver = new WecomReceiver({ keys: [key] });
    await receiver.start();
  });
  afterEach(() => receiver.stop());

  const send = (changes: object = {}, context = sendContext()) => {
    const settings = settingsOf({ url: receiver.url(key), ...changes });
    const [part] = wecomRobot.parts(settings, alertMessage(), plain);
    if (part === undefined) throw new Error('no part');
    return wecomRobot.send(settings, part, context);
  };

  it('delivers both parts as the robot takes them', async () => {
    const settings = settingsOf({ url: receiver.url(key), mentions: ['zhang'] });
    for (const part of wecomRobot.parts(settings, alertMessage({ title: '线上404' }), plain)) {
      expect(await wecomRobot.send(settings, part, sendContext())).toEqual({ answer: 'errcode 0: ok' });
    }
    expect(receiver.messages).toMatchObject([
      { msgtype: 'markdown', content: expect.stringContaining('线上404') },
      { msgtype: 'text', content: expect.stringContaining('线上404'), mentionedList: ['zhang'] },
    ]);
  });

  it.each([
    [-1, { retryable: true }],
    [45009, { retryable: true, holdMs: 60_000 }],
    [93000, { retryable: false, broken: true }],
    [93004, { retryable: false, broken: true }],
    [93008, { retryable: false, broken: true }],
    [40008, { retryable: false, broken: true }],
    [40001, { retryable: false, broken: true }],
    [40058, { retryable: false, broken: false }],
    [44004, { retryable: false, broken: false }],
    [777777, { retryable: false, broken: false }],
  ])('judges errcode %i', async (errcode, options) => {
    receiver.behave({ type: 'answer', answer: wecomAnswer(errcode, 'whatever it says') });
    const error = await channelError(send());
    expect(error.code).toBe(String(errcode));
    expect(error.message).toBe(`errcode ${errcode}: whatever it says`);
    expect(error.options).toEqual(options);
  });

  it('never judges by errmsg', async () => {
    receiver.behave({ type: 'answer', answer: wecomAnswer(93000, 'ok') });
    expect((await channelError(send())).options.broken).toBe(true);
    receiver.behave({ type: 'answer', answer: wecomAnswer(0, 'invalid webhook url') });
    await expect(send()).resolves.toBeDefined();
  });

  it.each([
    [502, { retryable: true, broken: false }],
    [408, { retryable: true, broken: false }],
    [429, { retryable: true, holdMs: 60_000 }],
    [302, { retryable: false, broken: true }],
    [404, { retryable: false, broken: true }],
    [400, { retryable: false, broken: false }],
  ])('judges HTTP %i of what stands before WeCom', async (status, options) => {
    receiver.behave({ type: 'answer', answer: { status, headers: { location: '/elsewhere' }, body: '' } });
    const error = await channelError(send());
    expect(error.code).toBe(`http${status}`);
    expect(error.options).toEqual(options);
    expect(receiver.requestCount).toBe(1);
  });

  it.each([
    ['no answer in time', { type: 'hang' }, 'timeout'],
    ['a connection that is cut', { type: 'reset' }, 'network'],
  ] as const)('does not know after %s whether the message arrived', async (_, behaviour, code) => {
    receiver.behave(behaviour);
    const error = await channelError(send({ timeoutMs: 500 }));
    expect(error.code).toBe(code);
    expect(error.options).toMatchObject({ uncertain: true, retryable: true });
    expect(receiver.messages).toHaveLength(1);
  });

  it('does not know either after an answer that is not from WeCom', async () => {
    receiver.behave({ type: 'answer', answer: { status: 200, body: '<html>Please sign in</html>' } });
    const error = await channelError(send());
    expect(error.code).toBe('badAnswer');
    expect(error.options).toMatchObject({ uncertain: true });
  });

  it('knows that nothing arrived where nobody listens', async () => {
    const settings = settingsOf({ url: receiver.url(key) });
    await receiver.stop();
    const error = await channelError(wecomRobot.send(settings, { body: {}, text: '' }, sendContext()));
    expect(error.code).toBe('network');
    expect(error.options.retryable).toBe(true);
    expect(error.options.uncertain ?? false).toBe(false);
  });

  it('shows the key in no error, not even when the remote repeats it', async () => {
    receiver.behave({ type: 'answer', answer: wecomAnswer(93000, `invalid key ${key}`) });
    expect((await channelError(send())).message).toBe('errcode 93000: invalid key ********');
  });

  it('is told of a busy robot by the receiver in the same way', async () => {
    receiver.behave(wecomTroubles.busy, 1);
    expect((await channelError(send())).code).toBe('-1');
    await expect(send()).resolves.toBeDefined();
  });
});
