import type { Workbench } from '../../../scripts/vscode-host/workbench.mjs';
import { pageWith } from './margin';

/** Goes through the steps of "Export Manifest…" to the folder `manifests`, rows from answers alone. */
export async function exportManifest(
  workbench: InstanceType<typeof Workbench>,
  { as, format, split }: { as: string; format: string; split: string },
): Promise<void> {
  const { page } = workbench;
  await workbench.command('Margin: Export Manifest');
  await workbench.pick(as);
  // Answers are ticked already.
  await page.locator('.quick-input-widget:visible .quick-input-title', { hasText: '(2/5)' }).waitFor();
  await page.locator('.quick-input-widget:visible .quick-input-action .monaco-button', { hasText: 'OK' }).click();
  await workbench.pick(format);
  await workbench.pick(split);
  await workbench.pick('manifests');
  // The preview shows the first rows before anything is written.
  const preview = await pageWith(workbench, '[data-action="export"]');
  await preview.locator('.row img').first().waitFor({ timeout: 30_000 });
  await preview.locator('[data-action="export"]').click();
  const done = workbench.notification(/Exported [\d,]+ rows?( in \d+ files)?\./);
  await done.waitFor({ timeout: 30_000 });
  await done.hover();
  await done.locator('.codicon-notifications-clear').click();
}
