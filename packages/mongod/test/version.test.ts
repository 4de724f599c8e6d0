import { expect, it } from 'vitest';
import { compareVersions, formatVersion, isOlderLine, parseVersion } from '../src/version';

it.each([
  ['db version v6.0.5\nBuild Info: {…}', '6.0.5'],
  ['7.0.14', '7.0.14'],
  ['8.2.6-rc0', '8.2.6'],
])('reads the version out of %j', (text, version) => {
  const parsed = parseVersion(text);
  expect(parsed === null ? null : formatVersion(parsed)).toBe(version);
});

it.each(['', 'mongod', '6.0', '127.0.0.1'])('reads no version out of %j', text => {
  expect(parseVersion(text)).toBeNull();
});

it('compares lines by major and minor, versions also by patch', () => {
  const [a, b] = [
    { major: 6, minor: 0, patch: 5 },
    { major: 6, minor: 0, patch: 10 },
  ];
  expect(isOlderLine(a, b)).toBe(false);
  expect(isOlderLine(a, { major: 7, minor: 0, patch: 0 })).toBe(true);
  expect(compareVersions(a, b)).toBeLessThan(0);
});
