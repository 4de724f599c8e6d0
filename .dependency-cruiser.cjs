/** The import rules of docs/architecture.md: arrows point one way. */
const inner = [
  'domain',
  'net',
  'model',
  'repository',
  'source',
  'channel',
  'executor',
  'cluster',
  'timing',
  'selfwatch',
  'ipc',
  'service',
  'controller',
  'middleware',
];

/** What each folder of app/ may import besides itself. */
const allowed = {
  domain: [],
  net: ['domain'],
  model: ['domain'],
  repository: ['domain', 'model'],
  source: ['domain', 'net'],
  channel: ['domain', 'net'],
  executor: ['domain', 'net'],
  ipc: ['domain'],
  cluster: ['domain', 'model', 'repository', 'ipc'],
  timing: ['domain', 'model', 'repository', 'ipc', 'cluster'],
  selfwatch: ['domain', 'net', 'model', 'repository', 'channel', 'ipc', 'cluster'],
  service: ['domain', 'net', 'model', 'repository', 'source', 'channel', 'executor', 'ipc', 'cluster'],
  middleware: ['domain', 'model', 'service'],
  controller: ['domain', 'model', 'service', 'middleware'],
};

const layers = Object.entries(allowed).map(([folder, targets]) => ({
  name: `${folder}-imports-inwards`,
  comment: `app/${folder} may import only: ${targets.join(', ') || 'nothing of app/'}`,
  severity: 'error',
  from: { path: `^app/${folder}/` },
  to: { path: `^app/(${inner.filter(name => name !== folder && !targets.includes(name)).join('|')})/` },
}));

module.exports = {
  forbidden: [
    ...layers,
    {
      name: 'no-cycle',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'domain-is-pure',
      comment: 'no Egg, no MongoDB, no clock, no randomness, no environment',
      severity: 'error',
      from: { path: '^app/domain/' },
      to: {
        path: '(node_modules/(egg|mongodb|axios)/)|(^node:)|(^(fs|net|http|os|crypto|dns|child_process)$)',
        pathNot: '^(node:)?crypto$',
      },
    },
    {
      name: 'plugs-know-no-storage',
      comment: 'sources, channels and executors import neither Egg nor the storage of Watchbell',
      severity: 'error',
      from: { path: '^app/(source|channel|executor)/' },
      to: { path: '(node_modules/egg/)|(^app/(repository|model|service|cluster|timing))' },
    },
    {
      name: 'plugs-know-no-other-plug',
      severity: 'error',
      from: { path: '^app/(source|channel|executor)/(?!index|types)([^/]+)\\.ts$' },
      to: {
        path: '^app/(source|channel|executor)/(?!types)',
        pathNot: '^app/$1/(types|index)\\.ts$|^app/(source|channel|executor)/$2(/|\\.)',
      },
    },
    {
      name: 'app-needs-no-package',
      comment: 'the server knows nothing of the tools around it',
      severity: 'error',
      from: { path: '^(app|config)/|^(agent|app)\\.ts$' },
      to: { path: '^(tools|packages|bench|test)/' },
    },
    {
      name: 'settings-only',
      comment: 'config/settings.ts is read by composition only',
      severity: 'error',
      from: { path: '^app/(domain|source|channel|executor|repository|net|model|cluster|timing|selfwatch)/' },
      to: { path: '^config/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '\\.d\\.ts$' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { extensions: ['.ts', '.js', '.cjs', '.json'] },
  },
};
