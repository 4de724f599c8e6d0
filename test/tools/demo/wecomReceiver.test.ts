import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WecomReceiver, wecomTroubles } from '../../../tools/demo/wecomReceiver';

const key = '693a91f6-7xxx-4bc4-97a0-0ec2sifa5aaa';

describe('the local receiver of WeCom robots', () => {
  let now = 0;
  let receiver: WecomReceiver;
  beforeEach(async () => {
    now = 1000;
    receiver = new WecomReceiver({ keys: [key, 'other'], now: () => now });
    await receiver.start();
  });
  afterEach(() => receiver.stop());

  const post = async (body: string, robot = key) => {
    const response = await fetch(receiver.url(robot), { method: 'POST', body, signal: AbortSignal.timeout(2000) });
    return { status: response.status, body: await response.text() };
  };
  const send = async (body: object, robot = key) => {
    const { status, body: text } = await post(JSON.stringify(body), robot);
    expect(status).toBe(200);
    return JSON.parse(text);
  };
  const markdown = (content: string) => ({ msgtype: 'markdown', markdown: { content } });
  const text = (content: string) => ({ msgtype: 'text', text: { content } });

  it('takes text with mentions and markdown, and keeps them in order', async () => {
    const mentions = { mentioned_list: ['zhang', '@all'], mentioned_mobile_list: ['13800001111'] };
    expect(await send({ msgtype: 'text', text: { content: '你好', ...mentions } })).toEqual({
      errcode: 0,
      errmsg: 'ok',
    });
    expect(await send(markdown('# hi'))).toEqual({ errcode: 0, errmsg: 'ok' });
    expect(receiver.messages).toMatchObject([
      { key, msgtype: 'text', content: '你好', mentionedList: ['zhang', '@all'], mentionedMobileList: ['13800001111'] },
      { key, msgtype: 'markdown', content: '# hi', mentionedList: [] },
    ]);
    expect(receiver.messages[0]?.at).toBeInstanceOf(Date);
  });

  it.each([
    ['a key that does not exist', () => send(text('x'), 'nobody'), 93000, 'invalid webhook url'],
    ['an unknown msgtype', () => send({ msgtype: 'carrier-pigeon' }), 40008, 'invalid message type'],
    ['empty content', () => send(text('')), 44004, 'empty content'],
    ['no content', () => send({ msgtype: 'markdown', markdown: {} }), 44004, 'empty content'],
    [
      'a markdown of 4,097 bytes',
      () => send(markdown(`a${'中'.repeat(1365)}b`)),
      40058,
      'markdown.content exceed max length 4096. invalid Request Parameter',
    ],
    [
      'a text of 2,049 bytes',
      () => send(text('x'.repeat(2049))),
      40058,
      'text.content exceed max length 2048. invalid Request Parameter',
    ],
  ])('refuses %s with HTTP 200 and the errcode of the contract', async (_, attempt, errcode, errmsg) => {
    expect(await attempt()).toEqual({ errcode, errmsg });
    expect(receiver.messages).toEqual([]);
  });

  it('takes exactly 4,096 and 2,048 bytes', async () => {
    expect(await send(markdown(`a${'中'.repeat(1365)}`))).toMatchObject({ errcode: 0 });
    expect(await send(text('x'.repeat(2048)))).toMatchObject({ errcode: 0 });
  });

  it('refuses what is not JSON', async () => {
    expect(JSON.parse((await post('{"msgtype":')).body)).toMatchObject({ errcode: 47001 });
  });

  it('refuses the 21st message of a minute per robot, in the words of WeCom, and takes it a minute later', async () => {
    for (let count = 0; count < 20; count++) expect(await send(text('x'))).toMatchObject({ errcode: 0 });
    const refused = await send(text('x'));
    expect(refused.errcode).toBe(45009);
    expect(refused.errmsg).toMatch(
      /^api freq out of limit, hint: \[\d+\], from ip: \S+, more info at https:\/\/open\.work\.weixin\.qq\.com\/devtool\/query\?e=45009$/,
    );
    expect(await send(text('x'), 'other')).toMatchObject({ errcode: 0 });
    now += 60_000;
    expect(await send(text('x'))).toMatchObject({ errcode: 0 });
  });

  it('gives the answers that it was told to give, as often as it was told, and takes nothing meanwhile', async () => {
    receiver.behave(wecomTroubles.busy, 2);
    expect(await send(text('1'))).toEqual({ errcode: -1, errmsg: 'system busy' });
    expect(await send(text('2'))).toMatchObject({ errcode: -1 });
    expect(await send(text('3'))).toMatchObject({ errcode: 0 });
    receiver.behave(wecomTroubles.disabled);
    expect(await send(text('4'))).toMatchObject({ errcode: 93004 });
    receiver.behave(wecomTroubles.badGateway, 1);
    expect((await post('{}')).status).toBe(502);
    expect(receiver.messages.map(message => message.content)).toEqual(['3']);
  });

  it('takes the message but cuts the connection, or hangs until it is stopped', async () => {
    receiver.behave({ type: 'reset' }, 1);
    await expect(send(text('cut'))).rejects.toThrow();
    receiver.behave({ type: 'hang' }, 1);
    const hanging = send(text('hangs'));
    hanging.catch(() => undefined);
    await expect.poll(() => receiver.messages.length).toBe(2);
    await receiver.stop();
    await expect(hanging).rejects.toThrow();
    expect(receiver.messages.map(message => message.content)).toEqual(['cut', 'hangs']);
  });

  it('answers late when it is told to be slow', async () => {
    receiver.behave({ type: 'slow', delayMs: 200 }, 1);
    const from = performance.now();
    expect(await send(text('x'))).toMatchObject({ errcode: 0 });
    expect(performance.now() - from).toBeGreaterThan(190);
  });

  it('comes back at the same address after a stop', async () => {
    const url = receiver.url(key);
    await receiver.stop();
    await expect(send(text('nobody hears'))).rejects.toThrow();
    await receiver.start();
    expect(receiver.url(key)).toBe(url);
    expect(await send(text('heard'))).toMatchObject({ errcode: 0 });
  });

  it('knows no other path and no GET', async () => {
    expect((await fetch(`${receiver.origin}/`)).status).toBe(404);
    expect(await (await fetch(receiver.url(key))).json()).toMatchObject({ errcode: 43002 });
  });
});
