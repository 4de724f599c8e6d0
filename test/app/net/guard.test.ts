import { describe, expect, it } from 'vitest';
import { canonicalAddress, type ResolvedAddress, resolveAllowed } from '../../../app/net/guard';
import type { OutboundPolicy } from '../../../app/net/types';

const source: OutboundPolicy = { purpose: 'source', allowNets: [], allowLoopback: false };
const channel: OutboundPolicy = { purpose: 'channel', allowNets: [], allowLoopback: false };
const open: OutboundPolicy = { purpose: 'source', allowNets: ['0.0.0.0/0', '::/0'], allowLoopback: true };

function answering(...addresses: string[]) {
  const resolved = addresses.map<ResolvedAddress>(address => ({ address, family: address.includes(':') ? 6 : 4 }));
  return async () => resolved;
}

describe('the guard on addresses', () => {
  it.each(['8.8.8.8', '1.1.1.1', '2606:4700::1111', '::ffff:8.8.8.8', '64:ff9b::808:808', '2002:808:808::1'])(
    'lets channels reach the public address %s',
    async address => {
      expect(await resolveAllowed('example.com', channel, answering(address))).toHaveLength(1);
    },
  );

  it.each([
    '169.254.169.254',
    '169.254.0.1',
    'fe80::1',
    '[fe80::1]',
    'fe80::1%eth0',
    '::ffff:169.254.169.254',
    '::ffff:a9fe:a9fe',
    '64:ff9b::a9fe:a9fe',
    '2002:a9fe:a9fe::1',
    '100.100.100.200',
    'fd00:ec2::254',
    '168.63.129.16',
  ])('never reaches %s, where clouds keep their credentials, whatever the settings', async address => {
    await expect(resolveAllowed(address, open)).rejects.toThrow(/metadata.*never allowed/);
    await expect(resolveAllowed('metadata.example', open, answering(address.replace(/[[\]]/g, '')))).rejects.toThrow(
      /\(metadata\.example\)/,
    );
  });

  it.each([
    '0.0.0.0',
    '0.1.2.3',
    '::',
    '224.0.0.1',
    'ff02::1',
    '255.255.255.255',
    '240.0.0.1',
    '192.0.2.1',
    '::ffff:0.0.0.0',
    '::7f00:1',
    'fec0::1',
    '64:ff9b:1::7f00:1',
    '2001::1',
    '100::1',
  ])('never reaches %s', async address => {
    await expect(resolveAllowed(address, open)).rejects.toMatchObject({ code: 'refused' });
  });

  it.each(['127.0.0.1', '127.1.2.3', '::1', '::ffff:127.0.0.1', '64:ff9b::7f00:1', '2002:7f00:1::1'])(
    'reaches loopback %s only where the setting allows it, and names the setting',
    async address => {
      const refused = resolveAllowed('db.example', { ...open, allowLoopback: false }, answering(address));
      await expect(refused).rejects.toThrow(`${address} (db.example) is a loopback address`);
      await expect(resolveAllowed(address, source)).rejects.toThrow('WATCHBELL_ALLOW_LOOPBACK=true');
      expect(await resolveAllowed(address, { ...source, allowLoopback: true })).toHaveLength(1);
    },
  );

  it.each([
    '10.0.0.5',
    '172.16.0.1',
    '192.168.1.1',
    '100.64.0.1',
    '198.18.0.7',
    'fc00::1',
    'fd12::1',
    '::ffff:10.0.0.5',
  ])('lets sources reach the private address %s, but no channel', async address => {
    expect(await resolveAllowed(address, source)).toHaveLength(1);
    await expect(resolveAllowed(address, channel)).rejects.toThrow(/private address.*WATCHBELL_ALLOW_NETS/);
  });

  it('lets channels reach private networks that the setting lists, and no others', async () => {
    const listed = { ...channel, allowNets: ['10.1.0.0/16', 'fd00::/8'] };
    expect(await resolveAllowed('10.1.2.3', listed)).toHaveLength(1);
    expect(await resolveAllowed('::ffff:10.1.2.3', listed)).toHaveLength(1);
    expect(await resolveAllowed('fd12::1', listed)).toHaveLength(1);
    await expect(resolveAllowed('10.2.0.1', listed)).rejects.toThrow(/such as 10\.2\.0\.1\/32/);
    await expect(resolveAllowed('127.0.0.1', { ...channel, allowNets: ['127.0.0.0/8'] })).rejects.toThrow(/LOOPBACK/);
  });

  it('says which range of the setting is none', async () => {
    const wrong = resolveAllowed('10.1.2.3', { ...channel, allowNets: ['10.1.0.0'] });
    await expect(wrong).rejects.toThrow('WATCHBELL_ALLOW_NETS holds "10.1.0.0"');
  });

  it('refuses a name when only one of its addresses is refused', async () => {
    const mixed = resolveAllowed('rebind.example', channel, answering('8.8.8.8', '10.0.0.1'));
    await expect(mixed).rejects.toThrow('10.0.0.1 (rebind.example)');
  });

  it.each(['0x7f.1', '2130706433', '0177.0.0.1', '127.1'])('sees through the notation %s', async host => {
    await expect(resolveAllowed(host, source)).rejects.toThrow(/loopback/);
  });

  it('tells a name without an address apart from a refusal', async () => {
    await expect(resolveAllowed('none.example', source, answering())).rejects.toMatchObject({ code: 'network' });
    const failing = resolveAllowed('none.example', source, () => Promise.reject(new Error('ENOTFOUND')));
    await expect(failing).rejects.toThrow('none.example has no address: ENOTFOUND');
  });

  it('knows one address by all its spellings', () => {
    expect(canonicalAddress('::ffff:10.0.0.1')).toBe('10.0.0.1');
    expect(canonicalAddress('FD00:0:0::1')).toBe('fd00::1');
  });
});
