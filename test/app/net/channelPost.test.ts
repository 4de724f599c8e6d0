import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ChannelRequest, postToChannel } from '../../../app/net/channelPost';
import { channelError } from '../../support/channelError';
import { sendContext } from '../../support/sendContext';
import { WebhookReceiver } from '../../support/webhookReceiver';

describe("a post to a channel's remote", () => {
  let receiver: WebhookReceiver;
  beforeEach(async () => {
    receiver = new WebhookReceiver();
    await receiver.start();
  });
  afterEach(() => receiver.stop());

  const { signal, outbound } = sendContext();
  const post = (changes: Partial<ChannelRequest> = {}) =>
    postToChannel({
      url: receiver.url,
      body: '{}',
      headers: {},
      timeoutMs: 2000,
      signal,
      outbound,
      secrets: [],
      ...changes,
    });
  const answers = (body: string) => receiver.behave({ type: 'answer', answer: { status: 200, body } });

  it('answers status, headers in lower case and text', async () => {
    receiver.answer(418, { 'X-Teapot': 'yes' });
    expect(await post()).toMatchObject({ status: 418, headers: { 'x-teapot': 'yes' }, text: 'told to answer 418' });
  });

  it('takes each secret out of the answer, as it is and as it stands in an address', async () => {
    answers('no key a b&c here, nor a%20b%26c');
    expect((await post({ secrets: ['a b&c', ''] })).text).toBe('no key ******** here, nor ********');
  });

  it('takes the secret out of an error and leaves the cause behind, which would carry the address', async () => {
    const url = `${receiver.url}?key=hush`;
    await receiver.stop();
    const error = await channelError(post({ url, secrets: ['hush'] }));
    expect(error).toMatchObject({ code: 'network', options: { uncertain: false } });
    expect(error.cause).toBeUndefined();
    expect(error.message).not.toContain('hush');
  });

  it('knows that a name without an address got nothing', async () => {
    const error = await channelError(post({ url: 'http://nowhere.invalid/' }));
    expect(error).toMatchObject({ code: 'network', options: { retryable: true, uncertain: false } });
  });

  it('does not know what an endless answer means', async () => {
    answers('x'.repeat(1024 * 1024 + 1));
    expect(await channelError(post())).toMatchObject({ code: 'tooLarge', options: { uncertain: true } });
  });

  it('refuses a private address with the setting that would allow it', async () => {
    const error = await channelError(post({ url: 'http://10.1.2.3/' }));
    expect(error).toMatchObject({ code: 'refused', options: { broken: true, retryable: false } });
    expect(error.message).toContain('WATCHBELL_ALLOW_NETS');
  });
});
