import path from 'node:path';
import type { Plugin } from 'rolldown';
import { Program, root } from './sandbox';

/** A piece of the product that a variant replaces: it must stand in the file exactly once. */
export interface Patch {
  /** From the root of the repository. */
  file: string;
  from: string;
  to: string;
}

/** What stands in the place of the product's own registries. */
const replaced: Record<string, string> = {
  'app/source/index.ts': 'test/simulation/plugs/source.ts',
  'app/channel/index.ts': 'test/simulation/plugs/channel.ts',
};

/** The product's code as one program, with the patches of a variant. Throws where one of them does not fit any more. */
export async function bundle(patches: readonly Patch[] = []): Promise<Program> {
  const applied = new Set<Patch>();
  const { rolldown } = await import('rolldown');
  const build = await rolldown({
    input: path.join(root, 'test/simulation/entry.ts'),
    platform: 'node',
    external: id => !id.startsWith('.') && !path.isAbsolute(id),
    plugins: [replacing(), patching(patches, applied)],
  });
  const { output } = await build.generate({ format: 'cjs', codeSplitting: false, sourcemap: false });
  await build.close();
  const left = patches.filter(patch => !applied.has(patch));
  if (left.length > 0) throw new Error(`Not part of the program: ${left.map(patch => patch.file).join(', ')}`);
  return Program.compile(output[0].code);
}

function replacing(): Plugin {
  return {
    name: 'simulated-plugs',
    async resolveId(source, importer, options) {
      if (importer === undefined) return null;
      const found = await this.resolve(source, importer, { ...options, skipSelf: true });
      const stand = found === null ? undefined : replaced[path.relative(root, found.id)];
      return stand === undefined ? found : path.join(root, stand);
    },
  };
}

function patching(patches: readonly Patch[], applied: Set<Patch>): Plugin {
  return {
    name: 'variant',
    transform(code, id) {
      const file = path.relative(root, id);
      let changed = code;
      for (const patch of patches.filter(one => one.file === file)) {
        changed = replaceOnce(changed, patch);
        applied.add(patch);
      }
      return changed === code ? null : changed;
    },
  };
}

function replaceOnce(code: string, { file, from, to }: Patch): string {
  const count = code.split(from).length - 1;
  if (count !== 1)
    throw new Error(`${file} holds the piece that a variant replaces ${count} times, not once:\n${from}`);
  return code.replace(from, () => to);
}
