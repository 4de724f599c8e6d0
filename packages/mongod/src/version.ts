/** A version of mongod. */
export interface Version {
  major: number;
  minor: number;
  patch: number;
}

/** The oldest line that Watchbell runs on. */
export const oldestSupported: Version = { major: 6, minor: 0, patch: 0 };

/** Reads `6.0.5`, also inside a longer text such as the answer of `mongod --version`; null where there is none. */
export function parseVersion(text: string): Version | null {
  const found = /(?:^|[^\d.])(\d+)\.(\d+)\.(\d+)(?![\d.])/.exec(text);
  if (found === null) return null;
  return { major: Number(found[1]), minor: Number(found[2]), patch: Number(found[3]) };
}

export function formatVersion(version: Version): string {
  return `${version.major}.${version.minor}.${version.patch}`;
}

/** Whether a belongs to an older line (major.minor) than b; patches of one line share their data format. */
export function isOlderLine(a: Version, b: Version): boolean {
  return a.major !== b.major ? a.major < b.major : a.minor < b.minor;
}

/** Negative where a is older than b. */
export function compareVersions(a: Version, b: Version): number {
  return a.major - b.major || a.minor - b.minor || a.patch - b.patch;
}
