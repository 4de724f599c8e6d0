import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { schemaVersion } from '../../app/model/schemaVersion';

const root = path.resolve(__dirname, '../..');

/** What a newer version writes beside this one's fields, in jobs (in their specs too), runs and alerts. */
export const newField = 'later';

/**
 * A copy of dist/ as a version with another schema number would be. A newer one writes `later: <number>` into jobs, runs
 * and alerts, as soon as that form is in force.
 */
export class OtherBuild {
  /** The folder to start hosts from. */
  readonly root = mkdtempSync(path.join(tmpdir(), 'wb-build-'));

  constructor(
    readonly schema: number,
    readonly version: string,
  ) {
    cpSync(path.join(root, 'dist'), path.join(this.root, 'dist'), { recursive: true });
    symlinkSync(path.join(root, 'node_modules'), path.join(this.root, 'node_modules'));
    this.change('package.json', /"version": ".*"/, `"version": "${version}"`);
    if (schema === schemaVersion) return;
    const number = new RegExp(`exports\\.schemaVersion = ${schemaVersion};`);
    this.change('app/model/schemaVersion.js', number, `exports.schemaVersion = ${schema};`);
    const seam = /function versioned\((\w+), (\w+)\) \{/;
    this.change('app/repository/versioned.js', seam, `${newForm}\n$& $1 = newForm($1, $2, ${schema});`);
  }

  remove(): void {
    rmSync(this.root, { recursive: true, force: true });
  }

  private change(file: string, place: RegExp, by: string): void {
    const name = path.join(this.root, 'dist', file);
    const text = readFileSync(name, 'utf8');
    if (text.match(new RegExp(place, 'g'))?.length !== 1) throw new Error(`${file} does not hold ${place} just once.`);
    writeFileSync(name, text.replace(place, by));
  }
}

/** JavaScript, for the seam of a build: the writers of the newer form. */
const newForm = `
function newForm(collection, written, schema) {
  if (!['jobs', 'runs', 'alerts'].includes(collection.collectionName)) return collection;
  const later = () => (written.version >= schema ? { ${newField}: schema } : {});
  const grown = document => ({
    ...document,
    ...later(),
    ...(document.spec ? { spec: { ...document.spec, ...later() } } : {}),
  });
  const entry = write => {
    const [[name, { document, update, ...rest }]] = Object.entries(write);
    if (name === 'insertOne') return { [name]: { document: grown(document), ...rest } };
    if (update === undefined || Array.isArray(update)) return write;
    return { [name]: { update: { ...update, $set: { ...update.$set, ...later() } }, ...rest } };
  };
  const writers = {
    insertMany: (documents, ...rest) => collection.insertMany(documents.map(grown), ...rest),
    replaceOne: (filter, document, ...rest) => collection.replaceOne(filter, grown(document), ...rest),
    bulkWrite: (writes, ...rest) => collection.bulkWrite(writes.map(entry), ...rest),
  };
  return new Proxy(collection, {
    get(target, name) {
      const method = Reflect.get(target, name);
      return writers[name] ?? (typeof method === 'function' ? method.bind(target) : method);
    },
  });
}
`;
