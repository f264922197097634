import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { stringsOf } from '../scripts/l10n.mjs';
import { commands, contextKeys, settings, views } from '../src/contributions';

/** package.json and the code name the same things; whatever one of them forgets shows here. */

const root = path.resolve(import.meta.dirname, '..');
const read = (file: string) => readFileSync(path.join(root, file), 'utf8');

interface Menu {
  command?: string;
  submenu?: string;
  when?: string;
}
interface Manifest {
  contributes: {
    commands: { command: string; title: string; category: string; enablement?: string }[];
    menus: Record<string, Menu[]>;
    submenus: { id: string }[];
    views: Record<string, { id: string; icon: string }[]>;
    viewsContainers: { activitybar: { id: string; icon: string }[] };
    viewsWelcome: { view: string; when: string }[];
    walkthroughs: { steps: { media: { svg: string }; completionEvents: string[] }[] }[];
    configuration: {
      properties: Record<string, { default: unknown; scope: string; enum?: string[]; enumDescriptions?: string[] }>;
    };
  };
  capabilities: { untrustedWorkspaces: { restrictedConfigurations: string[] } };
}
const manifest = JSON.parse(read('package.json')) as Manifest;
const nls = JSON.parse(read('package.nls.json')) as Record<string, string>;
const { contributes } = manifest;
const commandIds = new Set<string>(Object.values(commands));
const viewIds = new Set<string>([views.label, views.lanes, views.answers]);
const settingIds = Object.entries(settings)
  .filter(([name]) => name !== 'section')
  .map(([, id]) => `${settings.section}.${id}`);

describe('package.json', () => {
  test('contributes exactly the commands that the code registers', () => {
    expect(new Set(contributes.commands.map(({ command }) => command))).toEqual(commandIds);
  });

  test('its commands have one category, a verb-first title without decoration, and those that need a folder say when', () => {
    for (const { command, title, category, enablement } of contributes.commands) {
      expect(category).toBe('Margin');
      expect(nls[title.slice(1, -1)], title).toMatch(/^[A-Z][A-Za-z- ]+…?$/);
      if (/mine|find|label|undo|export|choose|clear/i.test(command))
        expect(enablement, command).toContain('workspaceFolderCount');
    }
  });

  test('contributes exactly the views that the code provides', () => {
    expect(Object.keys(contributes.views)).toEqual([views.container]);
    expect(contributes.viewsContainers.activitybar.map(({ id }) => id)).toEqual([views.container]);
    expect(new Set(contributes.views[views.container]!.map(({ id }) => id))).toEqual(viewIds);
    for (const { view } of contributes.viewsWelcome) expect(viewIds).toContain(view);
  });

  test('its menus and walkthrough lead to commands that exist', () => {
    const submenus = new Set(contributes.submenus.map(({ id }) => id));
    for (const item of Object.values(contributes.menus).flat()) {
      if (item.command !== undefined) expect(commandIds).toContain(item.command);
      if (item.submenu !== undefined) expect(submenus).toContain(item.submenu);
    }
    const linked = [...JSON.stringify(nls).matchAll(/\(command:(margin\.\w+)\)/g)].map(match => match[1]!);
    expect(linked.length).toBeGreaterThan(0);
    for (const command of linked) expect(commandIds).toContain(command);
  });

  test('commands that only a row or a menu can serve are not in the palette', () => {
    const hidden = contributes.menus
      .commandPalette!.filter(({ when }) => when === 'false')
      .map(({ command }) => command);
    const ofRows = [
      commands.openLane,
      commands.mineLaneAgain,
      commands.flipAnswer,
      commands.correctAnswer,
      commands.undoAct,
    ];
    expect(new Set(hidden)).toEqual(new Set(ofRows));
  });

  test('declares exactly the settings that the code reads, each with a default, a scope and a word on every choice', () => {
    const { properties } = contributes.configuration;
    expect(Object.keys(properties).sort()).toEqual([...settingIds].sort());
    for (const [id, setting] of Object.entries(properties)) {
      expect(setting.default, id).toBeDefined();
      expect(setting.scope, id).toMatch(/^(resource|window|machine-overridable)$/);
      expect(setting.enumDescriptions?.length, id).toBe(setting.enum?.length);
    }
  });

  test('settings that name code or models to load wait for trust', () => {
    expect(new Set(manifest.capabilities.untrustedWorkspaces.restrictedConfigurations)).toEqual(
      new Set([settings.model, settings.backend, settings.tfjsNodePath].map(id => `${settings.section}.${id}`)),
    );
  });

  test('uses only context keys that the code sets', () => {
    const used = [...read('package.json').matchAll(/margin\.(labelFocus|hasLane|working|[a-z]+Count)\b/g)].map(
      match => match[0],
    );
    for (const key of used) expect(Object.values<string>(contextKeys)).toContain(key);
  });

  test('every string is in package.nls.json, and every string there is used', () => {
    const used = new Set([...read('package.json').matchAll(/"%([^%"]+)%"/g)].map(match => match[1]!));
    expect(used).toEqual(new Set(Object.keys(nls)));
    for (const [key, text] of Object.entries(nls)) expect(text.trim(), key).not.toBe('');
  });

  test('the bundle for translators holds what the code says, and the code says nothing that cannot be translated', () => {
    const { strings, opaque } = stringsOf();
    expect(opaque).toEqual([]);
    expect(Object.keys(JSON.parse(read('l10n/bundle.l10n.json')) as object), 'run `npm run l10n`').toEqual(strings);
  });

  test('every picture it names is there', () => {
    const files = [
      ...contributes.viewsContainers.activitybar.map(({ icon }) => icon),
      ...contributes.views[views.container]!.map(({ icon }) => icon),
      ...contributes.walkthroughs.flatMap(({ steps }) => steps.map(({ media }) => media.svg)),
    ];
    for (const file of files) expect(existsSync(path.join(root, file)), file).toBe(true);
  });
});
