'use strict';
// The import table of docs/DESIGN.md. Each room lists what it may reach; everything else inside src/ and webview/ is an error.

/** A rule: files under `room` may import only from `allowed` (and themselves), among our own rooms. */
const room = (name, from, allowed, comment) => ({
  name: `room-${name}`,
  severity: 'error',
  comment,
  from: { path: from },
  to: { path: '^(src|webview)/', pathNot: [from, ...allowed] },
});

const CORE = '^src/core/';
const RPC = '^src/rpc/';

module.exports = {
  forbidden: [
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
    room('core', '^src/core/', [], 'core is pure mathematics'),
    {
      name: 'core-is-pure',
      severity: 'error',
      from: { path: CORE },
      to: { pathNot: [CORE], dependencyTypesNot: ['undetermined'] },
    },
    room('kernel', '^src/kernel/', [CORE]),
    room('model', '^src/model/', [CORE]),
    room('manifest', '^src/manifest/', [CORE]),
    room('dataset', '^src/dataset/', [CORE]),
    room('rpc', '^src/rpc/', [CORE], 'rpc speaks in the words of core, as types only'),
    {
      name: 'rpc-core-types-only',
      severity: 'error',
      from: { path: RPC },
      to: { path: CORE, dependencyTypesNot: ['type-only'] },
    },
    room('engine', '^src/engine/', [CORE, '^src/(kernel|model|dataset|manifest|rpc)/']),
    room('host', '^src/host/', [RPC, CORE, '^src/contributions\\.ts$']),
    {
      name: 'host-core-types-only',
      severity: 'error',
      from: { path: '^src/host/' },
      to: { path: CORE, dependencyTypesNot: ['type-only'] },
    },
    room('cli', '^src/cli/', ['^src/engine/']),
    room('contributions', '^src/contributions\\.ts$', []),
    room('extension', '^src/extension\\.ts$', ['^src/host/', '^src/contributions\\.ts$']),
    room('webview', '^webview/', [RPC, CORE]),
    {
      name: 'webview-core-types-only',
      severity: 'error',
      from: { path: '^webview/' },
      to: { path: CORE, dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'toolkit-in-one-file',
      severity: 'error',
      comment: 'the UI toolkit is archived upstream: one file knows it',
      from: { pathNot: '^webview/ui/controls\\.ts$' },
      to: { path: 'webview-ui-toolkit' },
    },
    {
      name: 'vscode-in-host-only',
      severity: 'error',
      from: { path: '^(src|webview)/', pathNot: '^src/(host/|extension\\.ts$)' },
      to: { path: '^vscode$|@types/vscode/' },
    },
    {
      name: 'host-loads-nothing-heavy',
      severity: 'error',
      from: { path: '^src/(host/|extension\\.ts$)' },
      to: { path: '(sharp|@tensorflow|onnxruntime)' },
    },
  ],
  options: {
    doNotFollow: { path: ['node_modules', 'dist'] },
    exclude: { path: ['^src/[a-z]+/assembly/'] },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
    },
  },
};
